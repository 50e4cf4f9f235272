namespace JobRunner;

/// <summary>How a recurring job recurs.</summary>
public sealed class RecurringJobOptions
{
    /// <summary>Whose local time the cron expression means. Default UTC. It is stored by its id, so every worker must know it.</summary>
    public TimeZoneInfo TimeZone { get; set; } = TimeZoneInfo.Utc;

    /// <summary>What becomes of missed occurrences. Default <see cref="Misfire.Relaxed"/>.</summary>
    public Misfire Misfire { get; set; }

    /// <summary>The queue of its jobs, and of their retries; null (the default) for the one that the call carries, else
    /// <c>default</c>.</summary>
    public string? Queue { get; set; }
}
