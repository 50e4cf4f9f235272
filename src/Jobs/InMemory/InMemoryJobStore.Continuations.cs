using JobRunner.Storage;

namespace JobRunner.InMemory;

sealed partial class InMemoryJobStore
{
    public Task<IReadOnlyList<long>> AddContinuationsAsync(
        long parentId, IReadOnlyList<NewJob> jobs, CancellationToken cancellationToken)
    {
        var ids = new long[jobs.Count];
        lock (_lock)
        {
            var parent = _jobs.GetValueOrDefault(parentId) ?? throw Continuation.NoParent(parentId);
            for (var i = 0; i < ids.Length; i++)
                ids[i] = AddContinuation(parent, jobs[i]).Id;
            if (JobStates.IsFinal(parent.State.Name))
                ReleaseContinuationsOf(parent);
        }

        Signal(new(StoreSignalKind.Enqueued));
        return Task.FromResult<IReadOnlyList<long>>(ids);
    }

    // Whoever ends a job releases those that wait for it under the same lock, so nothing is ever left over.
    public Task<int> ReleaseAwaitingAsync(int count, CancellationToken cancellationToken) => Task.FromResult(0);

    InMemoryJob AddContinuation(InMemoryJob parent, NewJob added)
    {
        var job = new InMemoryJob(++_lastId, added.Invocation, added.Parameters, added.State.CreatedAt);
        _jobs.Add(job.Id, job);
        Enter(job, null, [added.State]);
        parent.Parameters[Continuation.Parameter] = Continuation.Append(
            [parent.Parameters.GetValueOrDefault(Continuation.Parameter)], [Continuation.Of(job.Id, added.State)]);
        return job;
    }

    // A chain of deleted jobs may be long: hence no recursion.
    void ReleaseContinuationsOf(InMemoryJob ended)
    {
        var parents = new Queue<InMemoryJob>([ended]);
        while (parents.TryDequeue(out var parent))
        {
            foreach (var id in Continuation.JobIds(parent.Parameters.GetValueOrDefault(Continuation.Parameter)))
            {
                if (!_jobs.TryGetValue(id, out var child) || child.State.Name != JobStates.Awaiting)
                    continue;
                var next = AwaitingState.Release(child.State.Data, parent.State.Name, time.GetUtcNow());
                Write(child, JobStates.Awaiting, [queues?.Apply(next, child.Invocation) ?? next]);
                if (JobStates.IsFinal(child.State.Name))
                    parents.Enqueue(child);
            }
        }
    }
}
