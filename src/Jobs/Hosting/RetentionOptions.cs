namespace JobRunner;

/// <summary>How long ended jobs are kept. <see cref="RetentionAttribute"/> wins over it. From a minute to ten years.</summary>
/// <remarks>Not less than a minute: whoever waits for a job's end looks for it up to half a second later, an end whose answer was lost
/// is recognized by the job's rows when it is written once more, and a sweep that looks every ten seconds releases what waits for the job when
/// its worker has died.</remarks>
public sealed class RetentionOptions
{
    /// <summary>The shortest: a minute.</summary>
    public static TimeSpan Shortest { get; } = TimeSpan.FromMinutes(1);

    /// <summary>The longest: ten years.</summary>
    public static TimeSpan Longest { get; } = TimeSpan.FromDays(3650);

    /// <summary>How long jobs that succeeded are kept. Default null: a day, or what the store's options say (<c>PostgresOptions.JobExpiration</c>).</summary>
    public TimeSpan? Succeeded { get; set; }

    /// <summary>How long deleted jobs are kept. Default null: as <see cref="Succeeded"/> by default.</summary>
    public TimeSpan? Deleted { get; set; }

    /// <summary>How long jobs are kept that failed for good. Default null: until somebody requeues or deletes them. When such a
    /// job goes, those that wait for it are released as if it had ended in no way that they could have waited for.</summary>
    public TimeSpan? Failed { get; set; }
}
