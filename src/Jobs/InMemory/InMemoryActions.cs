using JobRunner.Storage;

namespace JobRunner.InMemory;

/// <summary>Adding, requeuing and deleting jobs.</summary>
sealed class InMemoryActions(InMemoryState state) : IJobActions
{
    public Task<IReadOnlyList<long>> AddAsync(IEnumerable<NewJob> jobs, CancellationToken cancellationToken)
    {
        NewJob[] added = [.. jobs]; // before the lock: who makes them may take his time, or ask the store something
        var ids = new long[added.Length];
        var enqueued = false;
        lock (state.Lock)
        {
            for (var i = 0; i < ids.Length; i++)
            {
                var job = state.States.Add(added[i]);
                enqueued |= job.QueueRows.Count > 0;
                ids[i] = job.Id;
            }
        }

        if (enqueued)
            state.Signals.Enqueued();
        return Task.FromResult<IReadOnlyList<long>>(ids);
    }

    public Task<IReadOnlyList<long>> AddContinuationsAsync(
        long parentId, IReadOnlyList<NewJob> jobs, CancellationToken cancellationToken)
    {
        long[] ids;
        lock (state.Lock)
        {
            var parent = state.Jobs.GetValueOrDefault(parentId) ?? throw Continuation.NoParent(parentId);
            ids = [.. jobs.Select(job => state.States.Add(job).Id)];
            parent.Parameters[Continuation.Parameter] = Continuation.Append(
                [parent.Parameters.GetValueOrDefault(Continuation.Parameter)], ids.Zip(jobs, (id, job) => Continuation.Of(id, job.State)));
            if (JobStates.IsFinal(parent.State.Name))
                state.States.ReleaseContinuationsOf(parent, parent.State.Name);
        }

        state.Signals.Enqueued();
        return Task.FromResult<IReadOnlyList<long>>(ids);
    }

    public Task<int> RequeueAsync(IReadOnlyList<long> jobIds, string? reason, CancellationToken cancellationToken) =>
        Task.FromResult(Change(jobIds, _ => true, job => state.States.Enqueue(job, reason)));

    public Task<int> DeleteAsync(IReadOnlyList<long> jobIds, string? reason, CancellationToken cancellationToken) =>
        Task.FromResult(Change(jobIds, job => job.State.Name != JobStates.Deleted,
            job => state.States.Delete(job, reason)));

    int Change(IReadOnlyList<long> jobIds, Func<InMemoryJob, bool> concerns, Action<InMemoryJob> change)
    {
        var changed = new List<(long JobId, long StateId)>();
        lock (state.Lock)
        {
            foreach (var id in jobIds.Distinct())
            {
                if (!state.Jobs.TryGetValue(id, out var job) || !concerns(job))
                    continue;
                change(job);
                changed.Add((id, job.StateId));
            }
        }

        foreach (var (jobId, stateId) in changed)
            state.Signals.Tell(new(StoreSignalKind.Withdrawn, jobId, stateId));
        if (changed.Count > 0)
            state.Signals.Enqueued();
        return changed.Count;
    }
}
