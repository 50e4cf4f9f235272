using JobRunner.Storage;

namespace JobRunner;

/// <summary>What a client says of a recurring job, checked and ready to be stored.</summary>
sealed record RecurringDefinition(string Payload, string Cron, string TimeZoneId, Misfire Misfire)
{
    const int Version = 2;

    /// <exception cref="ArgumentException">An argument makes no sense; its name says which.</exception>
    public static RecurringDefinition Of(
        JobCall call, string cron, RecurringJobOptions options, ArgumentSerializer arguments, CompatibilityLevel level) => new(
        RecurringPayload.Write(arguments.ToInvocation(options.Queue is { } queue ? OnQueue(call, queue) : call), level),
        RequireCron(cron), RequireZone(options.TimeZone), RequireMisfire(options.Misfire));

    /// <summary>Hangfire's rules for what an update changes; null when nothing would.</summary>
    public RecurringChange? Apply(RecurringHash hash)
    {
        // Hangfire compares without regard to case, and so keeps the old one where only that differs.
        var otherCron = Differs(hash.Cron, Cron);
        var otherZone = Differs(hash.TimeZoneId, TimeZoneId);
        var moves = hash.ForgetUnreadable() | otherCron | otherZone | hash.Error is not null;
        hash.Queue = QueueName.Default;
        if (otherCron)
            hash.Cron = Cron;
        if (otherZone)
            hash.TimeZoneId = TimeZoneId;
        hash.Job = Payload;
        hash.CreatedAt ??= hash.Now;
        if (moves)
            hash.NextExecution = hash.PausedAt is null ? RecurringSchedule.NextAfter(hash, hash.Now.AddSeconds(-1)) : null;
        hash.Misfire = Misfire;
        hash.Version ??= Version;
        hash.Error = moves ? null : hash.Error;
        hash.RetryAttempt = 0;
        return hash.Changes.Count > 0 ? hash.ToChange() : null;
    }

    // Field Queue is what Hangfire had before calls could carry their queue; retries do not follow it.
    static JobCall OnQueue(JobCall call, string queue)
    {
        try
        {
            return call.OnQueue(queue);
        }
        catch (ArgumentException e)
        {
            throw new ArgumentException($"{nameof(RecurringJobOptions)}.{nameof(RecurringJobOptions.Queue)}: {e.Message}", e);
        }
    }

    static string RequireCron(string cron)
    {
        try
        {
            return CronExpression.Parse(cron).ToString();
        }
        catch (FormatException e)
        {
            throw new ArgumentException(e.Message, nameof(cron), e);
        }
    }

    // A zone made by hand, or known to this machine only, would be an error on each worker at each turn.
    static string RequireZone(TimeZoneInfo? zone) =>
        zone is not null && TimeZoneInfo.TryFindSystemTimeZoneById(zone.Id, out _)
            ? zone.Id
            : throw new ArgumentException(
                $"{nameof(RecurringJobOptions)}.{nameof(RecurringJobOptions.TimeZone)} is '{zone?.Id}', which workers could not find by its id. Use a zone of the system, such as Europe/Warsaw.");

    static Misfire RequireMisfire(Misfire misfire) =>
        Enum.IsDefined(misfire)
            ? misfire
            : throw new ArgumentException($"{nameof(RecurringJobOptions)}.{nameof(RecurringJobOptions.Misfire)} is {(int)misfire}; it must be 0, 1 or 2.");

    static bool Differs(string? stored, string given) => !given.Equals(stored, StringComparison.OrdinalIgnoreCase);
}
