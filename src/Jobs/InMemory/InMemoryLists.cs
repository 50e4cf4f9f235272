namespace JobRunner.InMemory;

/// <summary>The jobs by their state, and those that are due, wait for a retry or expire. Touched only under the state's lock.</summary>
sealed class InMemoryLists
{
    readonly Dictionary<string, SortedSet<long>> _byState = JobStates.All.ToDictionary(name => name, _ => new SortedSet<long>());
    readonly SortedSet<(DateTimeOffset DueAt, long JobId)> _schedule = [];
    readonly SortedSet<long> _retries = [];
    readonly PriorityQueue<long, DateTimeOffset> _expiring = new();

    public int Retries => _retries.Count;

    /// <summary>When the first scheduled job is due; null when there is none.</summary>
    public DateTimeOffset? NextDue => _schedule.Count > 0 ? _schedule.Min.DueAt : null;

    public int Count(string state) => _byState[state].Count;

    /// <summary>The jobs in a state, newest first.</summary>
    public IEnumerable<long> In(string state) => _byState.TryGetValue(state, out var ids) ? ids.Reverse() : [];

    /// <summary>Takes the job out of the lists of the state that it leaves.</summary>
    public void Leave(InMemoryJob job, string state, StateEffects effects)
    {
        if (effects.LeavesSchedule)
            _schedule.Remove((DueAt(job), job.Id));
        if (effects.LeavesRetries)
            _retries.Remove(job.Id);
        _byState[state].Remove(job.Id);
    }

    /// <summary>Lists the job under the state that it has entered.</summary>
    public void Enter(InMemoryJob job, StateEffects effects)
    {
        _byState[job.State.Name].Add(job.Id);
        if (effects.ScheduleScore is not null)
            _schedule.Add((DueAt(job), job.Id));
        if (effects.AddsRetry)
            _retries.Add(job.Id);
        if (job.ExpireAt is { } expireAt)
            _expiring.Enqueue(job.Id, expireAt);
    }

    /// <summary>Takes the first job off the schedule, if it is due.</summary>
    public long? TakeDue(DateTimeOffset now)
    {
        if (NextDue is not { } due || due > now)
            return null;
        var first = _schedule.Min;
        _schedule.Remove(first);
        return first.JobId;
    }

    /// <summary>Takes out the first job whose expiry has passed; it may have been given another one since, or none.</summary>
    public long? TakeExpired(DateTimeOffset now) =>
        _expiring.TryPeek(out _, out var expireAt) && expireAt < now ? _expiring.Dequeue() : null;

    /// <summary>Forgets a job that has expired.</summary>
    public void Remove(InMemoryJob job) => _byState[job.State.Name].Remove(job.Id);

    static DateTimeOffset DueAt(InMemoryJob scheduled) => HangfireTime.Parse(scheduled.State.Data["EnqueueAt"]);
}
