using JobRunner.Storage;

namespace JobRunner.InMemory;

/// <summary>Writes the states of jobs, with all that follows from them. Touched only under the state's lock.</summary>
sealed class InMemoryStates(InMemoryState state, QueueRule? queues)
{
    // As in PostgreSQL: how long ended jobs are kept.
    static readonly TimeSpan _jobExpiration = TimeSpan.FromDays(1);

    public InMemoryLists Lists { get; } = new();

    public InMemoryStatistics Statistics { get; } = new();

    /// <summary>Adds a job in its first state.</summary>
    public InMemoryJob Add(NewJob added)
    {
        var job = new InMemoryJob(state.NewId(), added.Invocation, added.Parameters, added.State.CreatedAt);
        state.Jobs.Add(job.Id, job);
        Enter(job, null, [added.State]);
        return job;
    }

    /// <summary>Takes a job on from the state <paramref name="from"/> (null for a new one). If that ends it, those that wait for it
    /// are released.</summary>
    public void Enter(InMemoryJob job, string? from, IReadOnlyList<JobState> states)
    {
        Write(job, from, states);
        if (JobStates.IsFinal(job.State.Name))
            ReleaseContinuationsOf(job);
    }

    /// <summary>Puts a job into its queue.</summary>
    public void Enqueue(InMemoryJob job, string? reason) =>
        Enter(job, job.State.Name, [JobState.Enqueued(queues?.Of(job.Invocation) ?? QueueName.Default, state.Now, reason)]);

    // A chain of deleted jobs may be long: hence no recursion.
    public void ReleaseContinuationsOf(InMemoryJob ended)
    {
        var parents = new Queue<InMemoryJob>([ended]);
        while (parents.TryDequeue(out var parent))
        {
            foreach (var id in Continuation.JobIds(parent.Parameters.GetValueOrDefault(Continuation.Parameter)))
            {
                if (!state.Jobs.TryGetValue(id, out var child) || child.State.Name != JobStates.Awaiting)
                    continue;
                var next = AwaitingState.Release(child.State.Data, parent.State.Name, state.Now);
                Write(child, JobStates.Awaiting, [queues?.Apply(next, child.Invocation) ?? next]);
                if (JobStates.IsFinal(child.State.Name))
                    parents.Enqueue(child);
            }
        }
    }

    void Write(InMemoryJob job, string? from, IReadOnlyList<JobState> states)
    {
        var to = states[^1];
        var effects = StateEffects.Of(from, to, job.Invocation.Queue);
        if (from is not null)
            Lists.Leave(job, from, effects);

        job.History.AddRange(states);
        job.StateId = state.NewId();
        job.ExpireAt = effects.Expires ? to.CreatedAt + _jobExpiration : null;
        Lists.Enter(job, effects);
        if (effects.EnqueueTo is { } queue)
            state.Queues.Add(job, queue);
        Statistics.Count(effects, to.CreatedAt);
    }
}
