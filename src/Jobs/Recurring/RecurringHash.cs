using System.Globalization;
using JobRunner.Storage;

namespace JobRunner;

/// <summary>
/// The hash of a recurring job, and what is to change in it. Only what differs is written, as Hangfire does: its clients
/// call AddOrUpdate at each start, and mostly nothing has changed.
/// </summary>
sealed class RecurringHash(RecurringRow row, CompatibilityLevel level)
{
    // Ours; Hangfire keeps fields that it does not know, and removes them with the hash.
    const string PausedField = "JobRunner.PausedAt";

    readonly Dictionary<string, string> _changes = new(StringComparer.Ordinal);

    public string Id => row.Id;

    public DateTimeOffset Now => row.Now;

    public bool Exists => row.Fields.Count > 0;

    public IReadOnlyDictionary<string, string> Changes => _changes;

    public string? Queue { get => Get(nameof(Queue)); set => Set(nameof(Queue), value); }

    public string? Cron { get => Get(nameof(Cron)); set => Set(nameof(Cron), value); }

    public string? TimeZoneId { get => Get(nameof(TimeZoneId)); set => Set(nameof(TimeZoneId), value); }

    public string? Job { get => Get(nameof(Job)); set => Set(nameof(Job), value); }

    public string? Error { get => Get(nameof(Error)); set => Set(nameof(Error), value); }

    public string? LastJobId => Get(nameof(LastJobId));

    public DateTimeOffset? CreatedAt { get => GetInstant(nameof(CreatedAt)); set => SetInstant(nameof(CreatedAt), value); }

    public DateTimeOffset? NextExecution { get => GetInstant(nameof(NextExecution)); set => SetInstant(nameof(NextExecution), value); }

    public DateTimeOffset? LastExecution { get => GetInstant(nameof(LastExecution)); set => SetInstant(nameof(LastExecution), value); }

    public DateTimeOffset? PausedAt { get => GetInstant(PausedField); set => SetInstant(PausedField, value); }

    public int RetryAttempt
    {
        get => int.TryParse(Get(nameof(RetryAttempt)), NumberStyles.None, CultureInfo.InvariantCulture, out var attempt) ? attempt : 0;
        set => SetNumber(nameof(RetryAttempt), value);
    }

    public Misfire Misfire
    {
        get => Enum.TryParse<Misfire>(Get(nameof(Misfire)) ?? "0", ignoreCase: true, out var mode) && Enum.IsDefined(mode) ? mode : throw Unreadable(nameof(Misfire), "0, 1 or 2");
        set => SetNumber(nameof(Misfire), (int)value);
    }

    /// <summary>The version of the form; null is as good as the newest one that we know.</summary>
    public int? Version
    {
        get => Get("V") is not { } text ? null
            : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var version) ? version : throw Unreadable("V", "a number");
        set => SetNumber("V", value ?? 0);
    }

    public RecurringChange ToChange(params IReadOnlyList<NewJob> jobs) =>
        new(_changes, NextExecution?.ToUnixTimeSeconds() ?? -1, jobs);

    /// <summary>Empties the fields that hold something else than they should, so that an update mends them.</summary>
    /// <returns>True when there were any.</returns>
    public bool ForgetUnreadable()
    {
        string[] instants = [nameof(CreatedAt), nameof(NextExecution), nameof(LastExecution), PausedField];
        var unreadable = instants.Where(field => Get(field) is { } text && !HangfireTime.TryParse(text, out _)).ToList();
        if (Get("V") is { } version && !int.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out _))
            unreadable.Add("V");
        unreadable.ForEach(field => Set(field, null));
        return unreadable.Count > 0;
    }

    // Blank is how Hangfire stores nothing where there was something.
    string? Get(string field) =>
        _changes.TryGetValue(field, out var changed) ? NullIfBlank(changed) : NullIfBlank(row.Fields.GetValueOrDefault(field));

    void Set(string field, string? value)
    {
        if (NullIfBlank(row.Fields.GetValueOrDefault(field)) == value)
            _changes.Remove(field);
        else
            _changes[field] = value ?? "";
    }

    DateTimeOffset? GetInstant(string field) => Get(field) is not { } text ? null
        : HangfireTime.TryParse(text, out var instant) ? instant : throw Unreadable(field, "an instant");

    // Written in one form and read in two: the same instant in the other form is no change.
    void SetInstant(string field, DateTimeOffset? value)
    {
        var stored = row.Fields.GetValueOrDefault(field);
        var isSame = value is { } instant && HangfireTime.TryParse(stored, out var old) && old.ToUnixTimeMilliseconds() == instant.ToUnixTimeMilliseconds();
        Set(field, isSame ? stored : Format(value));
    }

    string? Format(DateTimeOffset? value) => value is not { } instant ? null
        : level == CompatibilityLevel.V110 ? instant.UtcDateTime.ToString("O", CultureInfo.InvariantCulture)
        : HangfireTime.Format(instant);

    // Hangfire leaves a zero out until there has been another number.
    void SetNumber(string field, int value)
    {
        if (value != 0 || row.Fields.ContainsKey(field))
            Set(field, value.ToString(CultureInfo.InvariantCulture));
    }

    FormatException Unreadable(string field, string expected) =>
        new($"Field {field} of the recurring job is '{Get(field)}'; it must be {expected}.");

    static string? NullIfBlank(string? text) => string.IsNullOrWhiteSpace(text) ? null : text;
}
