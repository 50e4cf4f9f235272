using System.Diagnostics.CodeAnalysis;

namespace JobRunner;

/// <summary>How often and when the job is tried again after a failure. On a method it wins over its class or interface.
/// Without it a job has Hangfire's ten retries. Hangfire's own <c>[AutomaticRetry]</c> is understood as well.</summary>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Class | AttributeTargets.Interface)]
[SuppressMessage("Performance", "CA1819", Justification = "An attribute can take arrays only.")]
public sealed class RetryAttribute : Attribute
{
    /// <summary>Retries after the first run; 0 disables them. Default 10.</summary>
    public int Attempts { get; set; } = RetryPolicy.Default.Attempts;

    /// <summary>The delay before each retry, in seconds; the last one repeats. The default is Hangfire's growing delay.</summary>
    public int[]? DelaysInSeconds { get; set; }

    /// <summary>What becomes of the job when no retry is left. Default <see cref="AttemptsExceeded.Fail"/>.</summary>
    public AttemptsExceeded OnAttemptsExceeded { get; set; }

    /// <summary>Only failures with these exceptions, or ones derived from them, are retried; others fail for good at once.</summary>
    public Type[]? OnlyOn { get; set; }

    /// <summary>Failures with these exceptions, or ones derived from them, are not retried.</summary>
    public Type[]? ExceptOn { get; set; }
}
