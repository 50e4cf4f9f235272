using System.Globalization;
using JobRunner.Storage;

namespace JobRunner.InMemory;

sealed partial class InMemoryJobStore
{
    readonly Dictionary<string, (long Value, DateTimeOffset? ExpireAt)> _counters = new(StringComparer.Ordinal);
    static readonly Dictionary<string, string?> _noParameters = [];

    readonly SortedSet<long> _retries = [];
    readonly PriorityQueue<long, DateTimeOffset> _expiring = new();

    public Task<AppliedChanges> ApplyAsync(IReadOnlyList<StateChange> changes, CancellationToken cancellationToken)
    {
        var taken = new long?[changes.Count];
        bool enqueued;
        lock (_lock)
        {
            var before = _enqueued;
            for (var i = 0; i < taken.Length; i++)
                taken[i] = Apply(changes[i]);
            enqueued = _enqueued != before;
        }

        if (enqueued)
            Signal(new(StoreSignalKind.Enqueued));
        return Task.FromResult(new AppliedChanges(taken));
    }

    public Task<int> RequeueAsync(IReadOnlyList<long> jobIds, string? reason, CancellationToken cancellationToken) =>
        Task.FromResult(ChangeFromOutside(jobIds, job => JobState.Enqueued(QueueOf(job), time.GetUtcNow(), reason)));

    public Task<int> DeleteAsync(IReadOnlyList<long> jobIds, string? reason, CancellationToken cancellationToken) =>
        Task.FromResult(ChangeFromOutside(jobIds,
            job => job.State.Name == JobStates.Deleted ? null : JobState.Deleted(time.GetUtcNow(), reason)));

    string QueueOf(InMemoryJob job) => queues?.Of(job.Invocation) ?? QueueName.Default;

    int ChangeFromOutside(IReadOnlyList<long> jobIds, Func<InMemoryJob, JobState?> next)
    {
        var changed = new List<(long JobId, long StateId)>();
        lock (_lock)
        {
            foreach (var id in jobIds.Distinct())
            {
                if (_jobs.TryGetValue(id, out var job) && next(job) is { } state)
                {
                    Enter(job, job.State.Name, [state]);
                    changed.Add((id, job.StateId));
                }
            }
        }

        foreach (var (jobId, stateId) in changed)
            Signal(new(StoreSignalKind.Withdrawn, jobId, stateId));
        if (changed.Count > 0)
            Signal(new(StoreSignalKind.Enqueued));
        return changed.Count;
    }

    long? Apply(StateChange change)
    {
        var row = change.Claim is { } claim ? Held(claim) : null;
        if (change.Claim is not null && Written(change, row is not null) is { } written)
            return written;
        if (row is not null && change.EndsClaim)
            Remove(row);
        if (change.Claim is not null && row is null)
            return null;
        if (!_jobs.TryGetValue(change.JobId, out var job) || job.StateId != change.SeenStateId)
            return null;

        foreach (var (name, value) in change.Parameters ?? _noParameters)
            job.Parameters[name] = value;
        Enter(job, job.State.Name, change.States);
        return job.StateId;
    }

    // A change whose answer was lost comes once more. Its first row is in the history, right after the one that it saw; rows that
    // look like it are its own, because Processing names the run.
    long? Written(StateChange change, bool held)
    {
        if (!_jobs.TryGetValue(change.JobId, out var job) || job.StateId == change.SeenStateId)
            return null;
        var written = change.EndsClaim ? job.History.Any(state => IsSame(state, change.States[0])) : held && IsSame(job.State, change.States[0]);
        return written ? job.StateId : null;
    }

    static bool IsSame(JobState a, JobState b) =>
        a.Name == b.Name && a.Data.Count == b.Data.Count && a.Data.All(pair => b.Data.GetValueOrDefault(pair.Key) == pair.Value);

    void Enter(InMemoryJob job, string? from, IReadOnlyList<JobState> states)
    {
        Write(job, from, states);
        if (JobStates.IsFinal(job.State.Name))
            ReleaseContinuationsOf(job);
    }

    void Write(InMemoryJob job, string? from, IReadOnlyList<JobState> states)
    {
        var to = states[^1];
        var effects = StateEffects.Of(from, to, job.Invocation.Queue);
        if (effects.LeavesSchedule)
            _schedule.Remove((DueAt(job.State), job.Id));
        if (effects.LeavesRetries)
            _retries.Remove(job.Id);
        if (from is not null)
            _byState[from].Remove(job.Id);

        job.History.AddRange(states);
        job.StateId = ++_lastId;
        _byState[to.Name].Add(job.Id);

        if (effects.EnqueueTo is { } queue)
            AddToQueue(job, queue);
        if (effects.ScheduleScore is not null)
            _schedule.Add((DueAt(to), job.Id));
        if (effects.AddsRetry)
            _retries.Add(job.Id);
        Count(effects, to.CreatedAt);
        job.ExpireAt = effects.Expires ? to.CreatedAt + _jobExpiration : null;
        if (job.ExpireAt is { } expireAt)
            _expiring.Enqueue(job.Id, expireAt);
    }

    static DateTimeOffset DueAt(JobState scheduled) => HangfireTime.Parse(scheduled.Data["EnqueueAt"]);

    void Count(StateEffects effects, DateTimeOffset at)
    {
        if (effects.Counted is { } state)
        {
            if (state != "failed")
                Increment($"stats:{state}", 1, null);
            Increment(string.Create(CultureInfo.InvariantCulture, $"stats:{state}:{at:yyyy-MM-dd}"), 1, at.AddMonths(1));
            Increment(string.Create(CultureInfo.InvariantCulture, $"stats:{state}:{at:yyyy-MM-dd-HH}"), 1, at.AddDays(1));
        }

        if (effects.Uncounted is { } left)
            Increment($"stats:{left}", -1, null);
    }

    void Increment(string key, int by, DateTimeOffset? expireAt) =>
        _counters[key] = (_counters.GetValueOrDefault(key).Value + by, expireAt);
}
