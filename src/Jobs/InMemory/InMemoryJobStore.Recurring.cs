using System.Globalization;
using JobRunner.Storage;

namespace JobRunner.InMemory;

sealed partial class InMemoryJobStore
{
    readonly SortedDictionary<string, RecurringEntry> _recurring = new(StringComparer.Ordinal);

    public Task<RecurringRound> EnqueueRecurringAsync(RecurringRules rules, CancellationToken cancellationToken)
    {
        var enqueued = 0;
        var hasMore = false;
        TimeSpan? nextIn;
        lock (_lock)
        {
            var now = time.GetUtcNow();
            foreach (var id in _recurring.Where(entry => entry.Value.IsDue(now)).Select(entry => entry.Key).ToArray())
                enqueued += Change(id, Decide).Length;
            nextIn = hasMore ? TimeSpan.Zero : NextRecurring(after: now)?.Subtract(now);
        }

        if (enqueued > 0)
            Signal(new(StoreSignalKind.Enqueued));
        return Task.FromResult(new RecurringRound(enqueued, nextIn));

        RecurringChange? Decide(RecurringRow row)
        {
            var change = rules.Decide(row);
            hasMore |= change?.HasMore(row.Now) == true;
            return change;
        }
    }

    public Task<IReadOnlyList<long>> ChangeRecurringAsync(
        string id, Func<RecurringRow, RecurringChange?> decide, bool afterRound, CancellationToken cancellationToken)
    {
        long[] jobs;
        lock (_lock)
            jobs = Change(id, decide);
        if (jobs.Length > 0)
            Signal(new(StoreSignalKind.Enqueued));
        return Task.FromResult<IReadOnlyList<long>>(jobs);
    }

    public Task<RecurringRow?> GetRecurringAsync(string id, CancellationToken cancellationToken)
    {
        lock (_lock)
            return Task.FromResult(_recurring.ContainsKey(id) ? RecurringRowOf(id) : null);
    }

    public Task<IReadOnlyList<RecurringRow>> ListRecurringAsync(int offset, int count, CancellationToken cancellationToken)
    {
        lock (_lock)
            return Task.FromResult<IReadOnlyList<RecurringRow>>([.. _recurring.Keys.Skip(offset).Take(count).Select(RecurringRowOf)]);
    }

    DateTimeOffset? NextRecurring(DateTimeOffset? after = null)
    {
        var past = after?.ToUnixTimeSeconds() ?? -1;
        var coming = _recurring.Values.Select(entry => entry.Score).Where(score => score > past).ToArray();
        return coming.Length > 0 ? DateTimeOffset.FromUnixTimeSeconds((long)coming.Min()) : null;
    }

    long[] Change(string id, Func<RecurringRow, RecurringChange?> decide)
    {
        if (decide(RecurringRowOf(id)) is not { } change)
            return [];
        if (ReferenceEquals(change, RecurringChange.Removal))
        {
            _recurring.Remove(id);
            return [];
        }

        if (!_recurring.TryGetValue(id, out var entry))
            _recurring.Add(id, entry = new());
        foreach (var (field, value) in change.Fields)
            entry.Fields[field] = value;
        entry.Score = change.Score;
        long[] jobs = [.. change.Jobs.Select(Add)];
        if (jobs.Length > 0)
            entry.Fields["LastJobId"] = jobs[^1].ToString(CultureInfo.InvariantCulture);
        return jobs;
    }

    long Add(NewJob added)
    {
        var job = new InMemoryJob(++_lastId, added.Invocation, added.Parameters, added.State.CreatedAt);
        _jobs.Add(job.Id, job);
        Enter(job, null, [added.State]);
        return job.Id;
    }

    RecurringRow RecurringRowOf(string id) => new(
        id, _recurring.TryGetValue(id, out var entry) ? new Dictionary<string, string?>(entry.Fields) : [], time.GetUtcNow());

    /// <summary>A recurring job. Touched only under the store's lock.</summary>
    sealed class RecurringEntry
    {
        public Dictionary<string, string?> Fields { get; } = new(StringComparer.Ordinal);

        public double Score { get; set; }

        public bool IsDue(DateTimeOffset now) => Score >= 0 && Score <= now.ToUnixTimeSeconds();
    }
}
