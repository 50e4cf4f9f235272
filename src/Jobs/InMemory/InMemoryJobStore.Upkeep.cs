using JobRunner.Storage;

namespace JobRunner.InMemory;

sealed partial class InMemoryJobStore
{
    // Hangfire's ServerTimeout.
    static readonly TimeSpan _serverTimeout = TimeSpan.FromMinutes(5);

    readonly Dictionary<string, ServerInfo> _servers = new(StringComparer.Ordinal);
    readonly Dictionary<string, DateTimeOffset> _heardSince = new(StringComparer.Ordinal);
    long _rescued;

    public IReadOnlyList<Claim> Renew(IReadOnlyList<Lease> leases)
    {
        var lost = new List<Claim>();
        lock (_lock)
        {
            var now = time.GetUtcNow();
            foreach (var lease in leases)
            {
                if (Held(lease.Claim) is { } row && _jobs.TryGetValue(lease.JobId, out var job) && job.StateId == lease.StateId)
                    row.FetchedAt = now;
                else
                    lost.Add(lease.Claim);
            }
        }

        return lost;
    }

    public Task<int> RescueAsync(TimeSpan silence, Rescuer? rescuer, CancellationToken cancellationToken)
    {
        var rescued = 0;
        lock (_lock)
        {
            var now = time.GetUtcNow();
            foreach (var row in _rows.Values.Where(row => MayRescue(rescuer, now, silence) && IsAbandoned(row, now, silence) && !IsOwn(row)).ToArray())
            {
                if (!MakeWait(row))
                    continue;
                CountDeath(row.Job);
                rescued++;
            }

            _rescued += rescued;

            foreach (var server in _servers.Values.Where(server => now - server.LastHeartbeat > _serverTimeout).ToArray())
                Forget(server.Id);
        }

        if (rescued > 0)
            Signal(new(StoreSignalKind.Enqueued));
        return Task.FromResult(rescued);

        bool IsOwn(InMemoryQueueRow row) => rescuer?.Held.Contains(new(row.Id, row.Token)) == true;
    }

    bool MayRescue(Rescuer? rescuer, DateTimeOffset now, TimeSpan silence) => rescuer is null
        || (_servers.TryGetValue(rescuer.ServerId, out var server) && now - server.LastHeartbeat <= rescuer.Gap && now - _heardSince[server.Id] >= silence);

    // Whoever removes a queue row here changes the job's state under the same lock: no job is ever in nobody's hands.
    public Task<int> RescueOrphansAsync(TimeSpan silence, Rescuer? rescuer, CancellationToken cancellationToken) => Task.FromResult(0);

    static void CountDeath(InMemoryJob job)
    {
        if (job.State is { Name: JobStates.Processing } state && !state.Data["ServerId"].StartsWith(ServerInfo.NamePrefix, StringComparison.Ordinal))
            return;
        if (WorkerDeaths.Add(job.Parameters.GetValueOrDefault(WorkerDeaths.Parameter), job.StateId) is { } deaths)
            job.Parameters[WorkerDeaths.Parameter] = deaths;
    }

    public Task<int> EnqueueDueAsync(int count, CancellationToken cancellationToken)
    {
        var due = 0;
        lock (_lock)
        {
            var now = time.GetUtcNow();
            while (due < count && _schedule.Count > 0 && _schedule.Min is var first && first.DueAt <= now)
            {
                _schedule.Remove(first);
                due++;
                if (_jobs.TryGetValue(first.JobId, out var job) && job.State.Name == JobStates.Scheduled)
                    Enter(job, JobStates.Scheduled, [JobState.Enqueued(QueueOf(job), time.GetUtcNow(), StateReasons.Due)]);
            }
        }

        if (due > 0)
            Signal(new(StoreSignalKind.Enqueued));
        return Task.FromResult(due);
    }

    public Task<int> ExpireAsync(int count, CancellationToken cancellationToken)
    {
        var expired = 0;
        lock (_lock)
        {
            var now = time.GetUtcNow();
            while (expired < count && _expiring.TryPeek(out var id, out var expireAt) && expireAt < now)
            {
                _expiring.Dequeue();
                if (!_jobs.TryGetValue(id, out var job) || job.ExpireAt is null || job.ExpireAt >= now)
                    continue; // requeued since
                _jobs.Remove(id);
                _byState[job.State.Name].Remove(id);
                expired++;
            }

            foreach (var (key, counter) in _counters)
            {
                if (counter.ExpireAt < now)
                    _counters.Remove(key);
            }
        }

        return Task.FromResult(expired);
    }

    public void Announce(ServerInfo server, TimeSpan gap)
    {
        lock (_lock)
        {
            var now = time.GetUtcNow();
            if (!_servers.TryGetValue(server.Id, out var known) || now - known.LastHeartbeat > gap)
                _heardSince[server.Id] = now;
            _servers[server.Id] = server with { LastHeartbeat = now };
        }
    }

    public Task WithdrawAsync(string serverId, CancellationToken cancellationToken)
    {
        lock (_lock)
            Forget(serverId);
        return Task.CompletedTask;
    }

    void Forget(string serverId)
    {
        _servers.Remove(serverId);
        _heardSince.Remove(serverId);
    }

    public Task WriteNotesAsync(IReadOnlyList<JobLogLine> lines, IReadOnlyList<JobProgress> progress, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            foreach (var line in lines)
            {
                if (_jobs.TryGetValue(line.JobId, out var job))
                    (job.Log ??= []).Add(line with { Id = ++_lastId });
            }

            foreach (var item in progress)
            {
                if (_jobs.TryGetValue(item.JobId, out var job))
                    job.Progress = item;
            }
        }

        return Task.CompletedTask;
    }

    bool IsAbandoned(InMemoryQueueRow row, DateTimeOffset now, TimeSpan silence)
    {
        // A living worker renews its leases. So a fresh one is somebody's, even if the job still names a dead worker: it was
        // rescued, and its new worker has not written Processing yet.
        if (row.FetchedAt is not { } fetchedAt || now - fetchedAt <= silence)
            return false;
        if (now - fetchedAt > _invisibility)
            return true;
        var state = row.Job.State;
        return state.Name is JobStates.Enqueued or JobStates.Scheduled // taken and never started
            || (state.Name == JobStates.Processing
                && state.Data["ServerId"] is var id && id.StartsWith(ServerInfo.NamePrefix, StringComparison.Ordinal)
                && (!_servers.TryGetValue(id, out var server) || now - server.LastHeartbeat > silence));
    }
}
