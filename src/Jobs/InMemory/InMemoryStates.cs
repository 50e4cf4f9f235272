using JobRunner.Storage;

namespace JobRunner.InMemory;

/// <summary>Writes the states of jobs, with all that follows from them. Touched only under the state's lock.</summary>
sealed class InMemoryStates(InMemoryState state, QueueRule? queues, RetentionRule retention)
{
    public InMemoryLists Lists { get; } = new();

    public InMemoryStatistics Statistics { get; } = new();

    /// <summary>Adds a job in its first state.</summary>
    public InMemoryJob Add(NewJob added)
    {
        var job = new InMemoryJob(state.NewId(), added.Invocation, added.Parameters, added.State.CreatedAt);
        state.Jobs.Add(job.Id, job);
        Enter(job, null, [added.State], null);
        return job;
    }

    /// <summary>Takes a job on from the state <paramref name="from"/> (null for a new one). If that ends it, those that wait for it
    /// are released.</summary>
    public void Enter(InMemoryJob job, string? from, IReadOnlyList<JobState> states, TimeSpan? expiresIn)
    {
        Write(job, from, states, expiresIn);
        if (JobStates.IsFinal(job.State.Name))
            ReleaseContinuationsOf(job, job.State.Name);
    }

    /// <summary>Deletes a job.</summary>
    public void Delete(InMemoryJob job, string? reason)
    {
        var deleted = JobState.Deleted(state.Now, reason);
        Enter(job, job.State.Name, [deleted], retention.Of(deleted, job.Invocation));
    }

    /// <summary>Puts a job into its queue.</summary>
    public void Enqueue(InMemoryJob job, string? reason) =>
        Enter(job, job.State.Name, [JobState.Enqueued(queues?.Of(job.Invocation) ?? QueueName.Default, state.Now, reason)], null);

    /// <summary>Releases those that wait for a job.</summary>
    /// <param name="ended">The job.</param>
    /// <param name="end">The state in which it ended; null when it is removed and did not end.</param>
    public void ReleaseContinuationsOf(InMemoryJob ended, string? end)
    {
        // A chain of deleted jobs may be long: hence no recursion.
        var parents = new Queue<(InMemoryJob Job, string? End)>([(ended, end)]);
        while (parents.TryDequeue(out var parent))
        {
            foreach (var id in Continuation.JobIds(parent.Job.Parameters.GetValueOrDefault(Continuation.Parameter)))
            {
                if (!state.Jobs.TryGetValue(id, out var child) || child.State.Name != JobStates.Awaiting)
                    continue;
                var next = AwaitingState.Release(child.State.Data, parent.End, state.Now);
                Write(child, JobStates.Awaiting, [queues?.Apply(next, child.Invocation) ?? next], retention.Of(next, child.Invocation));
                if (JobStates.IsFinal(child.State.Name))
                    parents.Enqueue((child, child.State.Name));
            }
        }
    }

    void Write(InMemoryJob job, string? from, IReadOnlyList<JobState> states, TimeSpan? expiresIn)
    {
        var to = states[^1];
        var effects = StateEffects.Of(from, to, job.Invocation.Queue);
        if (from is not null)
            Lists.Leave(job, from, effects);

        job.History.AddRange(states);
        job.StateId = state.NewId();
        job.ExpireAt = state.Now + expiresIn;
        Lists.Enter(job, effects);
        if (effects.EnqueueTo is { } queue)
            state.Queues.Add(job, queue);
        Statistics.Count(effects, to.CreatedAt);
    }
}
