namespace JobRunner;

/// <summary>How often and when the job is tried again after a failure. On a method it wins over its class or interface.
/// Without it a job has Hangfire's ten retries.</summary>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Class | AttributeTargets.Interface)]
public sealed class RetryAttribute : Attribute
{
    /// <summary>Retries after the first run; 0 disables them. Default 10.</summary>
    public int Attempts { get; set; } = RetryPolicy.Default.Attempts;

    /// <summary>The delay before each retry, in seconds; the last one repeats. The default is Hangfire's growing delay.</summary>
    public int[]? DelaysInSeconds { get; set; }
}
