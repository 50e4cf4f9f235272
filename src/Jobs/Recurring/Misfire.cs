namespace JobRunner;

/// <summary>What becomes of occurrences that were missed, because no worker ran. The numbers are Hangfire's.</summary>
public enum Misfire
{
    /// <summary>However many were missed, the job runs once. The default.</summary>
    Relaxed = 0,

    /// <summary>The job runs once for each.</summary>
    Strict = 1,

    /// <summary>They are let go; the job runs when it is due again.</summary>
    Ignorable = 2,
}
