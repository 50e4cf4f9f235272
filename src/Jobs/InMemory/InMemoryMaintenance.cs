using JobRunner.Storage;

namespace JobRunner.InMemory;

/// <summary>What a worker does for all.</summary>
sealed class InMemoryMaintenance(InMemoryState state, InMemoryServers servers) : IMaintenance
{
    // As in PostgreSQL: how long a worker may hold a job without renewing its lease.
    static readonly TimeSpan _invisibility = TimeSpan.FromMinutes(30);

    /// <summary>How often jobs were taken back, ever. Read under the state's lock.</summary>
    public long Rescued { get; private set; }

    public Task<int> RescueAsync(TimeSpan silence, Rescuer? rescuer, CancellationToken cancellationToken)
    {
        var rescued = 0;
        lock (state.Lock)
        {
            if (servers.MayRescue(rescuer, silence))
            {
                foreach (var row in state.Queues.Rows.Where(row => IsAbandoned(row, silence) && !IsOwn(row)).ToArray())
                {
                    if (!state.Queues.MakeWait(row))
                        continue;
                    CountDeath(row.Job);
                    rescued++;
                }
            }

            Rescued += rescued;
            servers.ForgetSilent();
        }

        if (rescued > 0)
            state.Signals.Enqueued();
        return Task.FromResult(rescued);

        bool IsOwn(InMemoryQueueRow row) => rescuer?.Held.Contains(new(row.Id, row.Token)) == true;
    }

    // Whoever removes a queue row here changes the job's state under the same lock: no job is ever in nobody's hands.
    public Task<int> RescueOrphansAsync(TimeSpan silence, Rescuer? rescuer, CancellationToken cancellationToken) => Task.FromResult(0);

    public Task<int> EnqueueDueAsync(int count, CancellationToken cancellationToken)
    {
        var due = 0;
        lock (state.Lock)
        {
            var now = state.Now;
            while (due < count && state.States.Lists.TakeDue(now) is { } id)
            {
                due++;
                if (state.Jobs.TryGetValue(id, out var job) && job.State.Name == JobStates.Scheduled)
                    state.States.Enqueue(job, StateReasons.Due);
            }
        }

        if (due > 0)
            state.Signals.Enqueued();
        return Task.FromResult(due);
    }

    // Whoever ends a job releases those that wait for it under the same lock, so nothing is ever left over.
    public Task<int> ReleaseAwaitingAsync(int count, CancellationToken cancellationToken) => Task.FromResult(0);

    public Task<int> ExpireAsync(int count, CancellationToken cancellationToken)
    {
        var expired = 0;
        lock (state.Lock)
        {
            var now = state.Now;
            while (expired < count && state.States.Lists.TakeExpired(now) is { } id)
            {
                if (!state.Jobs.TryGetValue(id, out var job) || job.ExpireAt is null || job.ExpireAt >= now)
                    continue; // requeued since
                state.Jobs.Remove(id);
                state.States.Lists.Remove(job);
                if (!JobStates.IsFinal(job.State.Name))
                    state.States.ReleaseContinuationsOf(job, null);
                expired++;
            }

            state.States.Statistics.Expire(now);
        }

        return Task.FromResult(expired);
    }

    // Counted as sums.
    public Task<int> SumUpAsync(int count, CancellationToken cancellationToken) => Task.FromResult(0);

    // Each line takes the place of the oldest.
    public Task<bool> KeepHistoryAsync(CancellationToken cancellationToken) => Task.FromResult(true);

    bool IsAbandoned(InMemoryQueueRow row, TimeSpan silence)
    {
        // A living worker renews its leases. So a fresh one is somebody's, even if the job still names a dead worker: it was
        // rescued, and its new worker has not written Processing yet.
        if (row.FetchedAt is not { } fetchedAt || state.Now - fetchedAt <= silence)
            return false;
        if (state.Now - fetchedAt > _invisibility)
            return true;
        var current = row.Job.State;
        return current.Name is JobStates.Enqueued or JobStates.Scheduled // taken and never started
            || (current.Name == JobStates.Processing && IsOurs(current) && servers.IsSilent(current.Data["ServerId"], silence));
    }

    static void CountDeath(InMemoryJob job)
    {
        if (job.State.Name == JobStates.Processing && !IsOurs(job.State))
            return;
        if (WorkerDeaths.Add(job.Parameters.GetValueOrDefault(WorkerDeaths.Parameter), job.StateId) is { } deaths)
            job.Parameters[WorkerDeaths.Parameter] = deaths;
    }

    // Not a Hangfire server's.
    static bool IsOurs(JobState processing) => processing.Data["ServerId"].StartsWith(ServerInfo.NamePrefix, StringComparison.Ordinal);
}
