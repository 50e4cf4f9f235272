using System.Globalization;
using JobRunner.Storage;

namespace JobRunner;

/// <summary>Recurring jobs over any store.</summary>
sealed class RecurringJobs(IRecurringStore store, ArgumentSerializer arguments, QueueRule queues, CompatibilityLevel level) : IRecurringJobs
{
    // For a run by hand, of which only the form and the queue are asked.
    readonly RecurringRules _rules = new(_ => true, TimeSpan.Zero, TimeSpan.Zero) { QueueOf = queues.Of, Level = level };

    public Task AddOrUpdateAsync(
        string id, JobCall call, string cron, RecurringJobOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(call);
        RequireId(id);
        var definition = RecurringDefinition.Of(call, cron, options ?? new(), arguments, level);
        return store.ChangeAsync(id, row => definition.Apply(HashOf(row)), false, cancellationToken);
    }

    public async Task<bool> RemoveAsync(string id, CancellationToken cancellationToken = default)
    {
        var existed = false;
        await store.ChangeAsync(RequireId(id), row =>
        {
            existed = row.Fields.Count > 0;
            return RecurringChange.Removal;
        }, false, cancellationToken);
        return existed;
    }

    public async Task<long?> TriggerAsync(string id, CancellationToken cancellationToken = default)
    {
        var jobs = await store.ChangeAsync(RequireId(id), row => Trigger(HashOf(row)), false, cancellationToken);
        return jobs.Count > 0 ? jobs[0] : null;
    }

    public async Task<bool> PauseAsync(string id, CancellationToken cancellationToken = default)
    {
        var existed = false;
        await store.ChangeAsync(RequireId(id), row =>
        {
            var hash = HashOf(row);
            existed = hash.Exists;
            return existed ? Pause(hash) : null;
        }, afterRound: true, cancellationToken);
        return existed;
    }

    public async Task<bool> ResumeAsync(string id, CancellationToken cancellationToken = default)
    {
        var wasPaused = false;
        await store.ChangeAsync(RequireId(id), row =>
        {
            var hash = HashOf(row);
            wasPaused = hash.PausedAt is not null;
            return wasPaused ? Resume(hash) : null;
        }, false, cancellationToken);
        return wasPaused;
    }

    public async Task<RecurringJob?> GetAsync(string id, CancellationToken cancellationToken = default) =>
        await store.GetAsync(RequireId(id), cancellationToken) is { } row ? Read(row) : null;

    public async Task<IReadOnlyList<RecurringJob>> ListAsync(
        int offset = 0, int count = 1000, CancellationToken cancellationToken = default) =>
        [.. (await store.ListAsync(offset, count, cancellationToken)).Select(Read)];

    RecurringHash HashOf(RecurringRow row) => new(row, level);

    RecurringChange? Trigger(RecurringHash hash)
    {
        if (!hash.Exists)
            return null;
        var job = RecurringSchedule.JobFor(hash, RecurringPayload.Read(hash.Job), hash.Now, StateReasons.RecurringByHand, _rules);
        hash.LastExecution = hash.Now;
        if (hash.PausedAt is null)
        {
            hash.NextExecution = RecurringSchedule.NextAfter(hash, hash.Now);
            hash.Error = null;
        }

        return hash.ToChange(job);
    }

    static RecurringChange Pause(RecurringHash hash)
    {
        hash.PausedAt ??= hash.Now;
        hash.NextExecution = null;
        return hash.ToChange();
    }

    // The occurrences of the pause would count as missed ones, which only a strict job makes up for one by one: its last
    // execution moves to now, though nothing ran.
    static RecurringChange Resume(RecurringHash hash)
    {
        hash.PausedAt = null;
        if (hash.Misfire == Misfire.Strict)
            hash.LastExecution = hash.Now;
        hash.NextExecution = RecurringSchedule.NextAfter(hash, hash.Now);
        return hash.ToChange();
    }

    // What is shown must not fail on what somebody else wrote.
    RecurringJob Read(RecurringRow row)
    {
        var hash = HashOf(row);
        var (call, error) = CutText.Read(hash.Job) is var (_, length)
            ? (null, $"The call has {length} characters, too many for a list. Ask for this recurring job alone.")
            : Try(() => RecurringPayload.Read(hash.Job));
        return new RecurringJob
        {
            Id = row.Id,
            Invocation = call,
            LoadError = error,
            Cron = hash.Cron ?? "",
            TimeZoneId = hash.TimeZoneId ?? TimeZoneInfo.Utc.Id,
            Misfire = Try(() => (Misfire?)hash.Misfire).Value ?? Misfire.Relaxed,
            Queue = QueueName.Effective(hash.Queue, call?.Queue),
            CreatedAt = Try(() => hash.CreatedAt).Value,
            NextExecution = Try(() => hash.NextExecution).Value,
            LastExecution = Try(() => hash.LastExecution).Value,
            LastJobId = long.TryParse(hash.LastJobId, NumberStyles.None, CultureInfo.InvariantCulture, out var job) ? job : null,
            Error = hash.Error,
            RetryAttempt = hash.RetryAttempt,
            PausedAt = Try(() => hash.PausedAt).Value,
        };
    }

    static (T? Value, string? Error) Try<T>(Func<T> read)
    {
        try
        {
            return (read(), null);
        }
        catch (FormatException e)
        {
            return (default, e.Message);
        }
    }

    static string RequireId(string id)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(id);
        return id.Contains('\0', StringComparison.Ordinal) ? throw new ArgumentException("The id of a recurring job cannot have a NUL character.", nameof(id)) : id;
    }
}
