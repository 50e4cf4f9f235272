namespace JobRunner;

/// <summary>A recurring job, whoever added it.</summary>
public sealed record RecurringJob
{
    /// <summary>Its id.</summary>
    public required string Id { get; init; }

    /// <summary>The call, or null when what is stored cannot be read: then <see cref="LoadError"/> says why.</summary>
    public Invocation? Invocation { get; init; }

    /// <summary>Why the call cannot be read, or null.</summary>
    public string? LoadError { get; init; }

    /// <summary>When it runs, as it was written; it may be no valid expression.</summary>
    public string Cron { get; init; } = "";

    /// <summary>The id of the time zone that the expression means.</summary>
    public string TimeZoneId { get; init; } = "";

    /// <summary>What becomes of missed occurrences.</summary>
    public Misfire Misfire { get; init; }

    /// <summary>The queue of its jobs.</summary>
    public string Queue { get; init; } = QueueName.Default;

    /// <summary>When it was added.</summary>
    public DateTimeOffset? CreatedAt { get; init; }

    /// <summary>When it is due; null for never: it is paused, has been disabled, or its expression matches no day.</summary>
    public DateTimeOffset? NextExecution { get; init; }

    /// <summary>When it was due last.</summary>
    public DateTimeOffset? LastExecution { get; init; }

    /// <summary>The last job that it enqueued.</summary>
    public long? LastJobId { get; init; }

    /// <summary>What kept it from being enqueued, or null. After some attempts it is no longer due; changing it makes it due again.</summary>
    public string? Error { get; init; }

    /// <summary>How often that was tried.</summary>
    public int RetryAttempt { get; init; }

    /// <summary>Since when it is paused, or null.</summary>
    public DateTimeOffset? PausedAt { get; init; }
}
