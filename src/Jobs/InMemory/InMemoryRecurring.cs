using System.Globalization;
using JobRunner.Storage;

namespace JobRunner.InMemory;

/// <summary>Recurring jobs.</summary>
sealed class InMemoryRecurring(InMemoryState state) : IRecurringStore
{
    readonly SortedDictionary<string, RecurringEntry> _recurring = new(StringComparer.Ordinal);

    public Task<RecurringRound> EnqueueDueAsync(RecurringRules rules, CancellationToken cancellationToken)
    {
        var enqueued = 0;
        var hasMore = false;
        TimeSpan? nextIn;
        lock (state.Lock)
        {
            var now = state.Now;
            foreach (var id in _recurring.Where(entry => entry.Value.IsDue(now)).Select(entry => entry.Key).ToArray())
                enqueued += Change(id, Decide).Length;
            nextIn = hasMore ? TimeSpan.Zero : NextDue(after: now)?.Subtract(now);
        }

        if (enqueued > 0)
            state.Signals.Enqueued();
        return Task.FromResult(new RecurringRound(enqueued, nextIn));

        RecurringChange? Decide(RecurringRow row)
        {
            var change = rules.Decide(row);
            hasMore |= change?.HasMore(row.Now) == true;
            return change;
        }
    }

    public Task<IReadOnlyList<long>> ChangeAsync(
        string id, Func<RecurringRow, RecurringChange?> decide, bool afterRound, CancellationToken cancellationToken)
    {
        long[] jobs;
        lock (state.Lock)
            jobs = Change(id, decide);
        if (jobs.Length > 0)
            state.Signals.Enqueued();
        return Task.FromResult<IReadOnlyList<long>>(jobs);
    }

    public Task<RecurringRow?> GetAsync(string id, CancellationToken cancellationToken)
    {
        lock (state.Lock)
            return Task.FromResult(_recurring.ContainsKey(id) ? RowOf(id) : null);
    }

    public Task<IReadOnlyList<RecurringRow>> ListAsync(int offset, int count, CancellationToken cancellationToken)
    {
        lock (state.Lock)
            return Task.FromResult<IReadOnlyList<RecurringRow>>([.. _recurring.Keys.Skip(offset).Take(count).Select(id => Cut(RowOf(id)))]);
    }

    /// <summary>When the next recurring job is due; null when none is. Called under the state's lock.</summary>
    public DateTimeOffset? NextDue(DateTimeOffset? after = null)
    {
        var past = after?.ToUnixTimeSeconds() ?? -1;
        var coming = _recurring.Values.Select(entry => entry.Score).Where(score => score > past).ToArray();
        return coming.Length > 0 ? DateTimeOffset.FromUnixTimeSeconds((long)coming.Min()) : null;
    }

    static RecurringRow Cut(RecurringRow row) => row with
    {
        Fields = row.Fields.ToDictionary(field => field.Key, field => field.Value is { } value ? CutText.Of(value, IRecurringStore.ListedText) : null),
    };

    long[] Change(string id, Func<RecurringRow, RecurringChange?> decide)
    {
        if (decide(RowOf(id)) is not { } change)
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
        long[] jobs = [.. change.Jobs.Select(job => state.States.Add(job).Id)];
        if (jobs.Length > 0)
            entry.Fields["LastJobId"] = jobs[^1].ToString(CultureInfo.InvariantCulture);
        return jobs;
    }

    RecurringRow RowOf(string id) => new(
        id, _recurring.TryGetValue(id, out var entry) ? new Dictionary<string, string?>(entry.Fields) : [], state.Now);

    /// <summary>A recurring job. Touched only under the state's lock.</summary>
    sealed class RecurringEntry
    {
        public Dictionary<string, string?> Fields { get; } = new(StringComparer.Ordinal);

        public double Score { get; set; }

        public bool IsDue(DateTimeOffset now) => Score >= 0 && Score <= now.ToUnixTimeSeconds();
    }
}
