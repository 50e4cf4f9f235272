using System.Globalization;
using JobRunner.Storage;
using Newtonsoft.Json;

namespace JobRunner;

/// <summary>
/// When recurring jobs run: Hangfire's rules, as functions of what is stored and the time. Occurrences are counted from the
/// last one that ran, not from the stored next one, so whoever holds the job's lock comes to the same answer, and each
/// occurrence is enqueued once whatever other clocks said.
/// </summary>
static class RecurringSchedule
{
    const int NewestVersion = 2;
    const int MaxRetries = 5;

    /// <summary>How many missed occurrences are made up for at once. The rest stays due, so that a schedule by the second that
    /// stood still for a week does not become one transaction of 600,000 jobs.</summary>
    public const int MostAtOnce = 100;

    /// <summary>What to do with a recurring job that is due; null to leave it as it is, for others.</summary>
    public static RecurringChange? Decide(RecurringRow row, RecurringRules rules)
    {
        var hash = new RecurringHash(row, rules.Level);
        if (!hash.Exists)
            return RecurringChange.Removal;
        try
        {
            if (hash.PausedAt is not null)
                return Never(hash);
            var call = RecurringPayload.Read(hash.Job);
            return rules.CanRun(call) ? Enqueue(hash, call, rules) : null;
        }
        catch (FormatException e)
        {
            return Postpone(hash, rules, e.Message);
        }
        catch (Exception e)
        {
            // Whatever it is, it is this one's own: those that are decided beside it must not wait for it.
            return Postpone(hash, rules, $"{e.GetType().FullName}: {e.Message}");
        }
    }

    /// <summary>What to do with one of which the store refused what was decided.</summary>
    public static RecurringChange? Refused(RecurringRow row, RecurringRules rules, string error) =>
        Decide(row, rules) is null or { Jobs.Count: 0 } ? null : Postpone(new RecurringHash(row, rules.Level), rules, error);

    /// <summary>The occurrences that are due, oldest first, and the one after them.</summary>
    public static (IReadOnlyList<DateTimeOffset> Due, DateTimeOffset? Next) Occurrences(
        RecurringHash hash, DateTimeOffset from, TimeSpan tolerance)
    {
        var cron = CronOf(hash);
        var zone = ZoneOf(hash);
        var oldest = hash.Now - tolerance;
        // What is let go anyway is not counted one by one.
        if (hash.Misfire == Misfire.Ignorable && from < oldest)
            from = oldest.AddSeconds(-1);
        var due = new List<DateTimeOffset>();
        var next = cron.GetNext(from, zone);
        while (next <= hash.Now && due.Count < MostAtOnce)
        {
            if (hash.Misfire == Misfire.Relaxed)
                next = hash.Now;
            if (hash.Misfire != Misfire.Ignorable || next >= oldest)
                due.Add(next.Value);
            next = cron.GetNext(next.Value, zone);
        }

        return (due, next);
    }

    /// <summary>The next occurrence after an instant; null for never.</summary>
    public static DateTimeOffset? NextAfter(RecurringHash hash, DateTimeOffset from) => CronOf(hash).GetNext(from, ZoneOf(hash));

    /// <summary>The job for one occurrence.</summary>
    public static NewJob JobFor(RecurringHash hash, Invocation call, DateTimeOffset time, string reason, RecurringRules rules)
    {
        var parameters = new Dictionary<string, string?>(4)
        {
            ["RecurringJobId"] = JsonConvert.ToString(hash.Id),
            ["Time"] = time.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
        };
        foreach (var (name, value) in JobClient.CultureParameters(rules.Level))
            parameters.Add(name, value);
        return new(call, JobState.Enqueued(rules.QueueOf(call) ?? hash.Queue ?? QueueName.Default, hash.Now, reason), parameters);
    }

    static RecurringChange Enqueue(RecurringHash hash, Invocation call, RecurringRules rules)
    {
        if (hash.Version > NewestVersion)
            throw new FormatException($"Field V of the recurring job is {hash.Version}: a newer Hangfire wrote it, and this JobRunner knows {NewestVersion}.");
        var (due, next) = Occurrences(
            hash, hash.LastExecution ?? hash.CreatedAt?.AddSeconds(-1) ?? hash.Now.AddSeconds(-1), rules.Tolerance);
        var jobs = due.Select(time => JobFor(hash, call, time, StateReasons.Recurring, rules)).ToArray();
        hash.LastExecution = due.Count > 0 ? due[^1] : hash.LastExecution;
        hash.NextExecution = next;
        hash.Error = null;
        hash.RetryAttempt = 0;
        return hash.ToChange(jobs);
    }

    static RecurringChange Postpone(RecurringHash hash, RecurringRules rules, string error)
    {
        hash.Error = error;
        if (hash.RetryAttempt >= MaxRetries)
            return Never(hash);
        hash.RetryAttempt++;
        hash.NextExecution = hash.Now + rules.RetryDelay;
        return hash.ToChange();
    }

    static RecurringChange Never(RecurringHash hash)
    {
        hash.NextExecution = null;
        return hash.ToChange();
    }

    static CronExpression CronOf(RecurringHash hash)
    {
        try
        {
            return CronExpression.Parse(hash.Cron ?? "");
        }
        catch (FormatException e)
        {
            throw new FormatException($"Field Cron of the recurring job: {e.Message}", e);
        }
    }

    static TimeZoneInfo ZoneOf(RecurringHash hash) =>
        TimeZoneInfo.TryFindSystemTimeZoneById(hash.TimeZoneId ?? TimeZoneInfo.Utc.Id, out var zone)
            ? zone
            : throw new FormatException($"Field TimeZoneId of the recurring job is '{hash.TimeZoneId}', a time zone that this machine does not know.");
}
