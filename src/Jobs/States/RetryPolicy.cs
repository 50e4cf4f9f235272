using System.Globalization;

namespace JobRunner;

/// <summary>
/// Whether and when a failed job runs again: Hangfire's rules. The n-th retry waits <c>(n-1)^4 + 15 + r·n</c> seconds,
/// where r is random from 0 to 29, unless delays are given.
/// </summary>
/// <param name="Attempts">Retries after the first run; 0 disables them. Default 10.</param>
/// <param name="DelaysInSeconds">The delay before each retry; the last one repeats. Null for the formula.</param>
public sealed record RetryPolicy(int Attempts = 10, IReadOnlyList<int>? DelaysInSeconds = null)
{
    /// <summary>Ten retries with Hangfire's delays.</summary>
    public static RetryPolicy Default { get; } = new();

    /// <summary>What becomes of the job when no retry is left.</summary>
    public AttemptsExceeded OnAttemptsExceeded { get; init; }

    /// <summary>Full names of exception types: only failures with these, or ones derived from them, are handled here at all. Empty
    /// for any.</summary>
    public IReadOnlyList<string> OnlyOn { get; init; } = [];

    /// <summary>Full names of exception types: failures with these, or ones derived from them, stay Failed.</summary>
    public IReadOnlyList<string> ExceptOn { get; init; } = [];

    /// <summary>The state that follows a failure, or null when the job stays Failed.</summary>
    /// <param name="retry">Which retry it would be, from 1.</param>
    /// <param name="failure">The failure.</param>
    /// <param name="queue">Gives the queue for a retry without delay.</param>
    /// <param name="now">The instant of the failure.</param>
    /// <param name="random">The source of the jitter.</param>
    public JobState? Next(int retry, ExceptionInfo failure, Func<string> queue, DateTimeOffset now, Random random)
    {
        if (!Concerns(failure))
            return null;
        if (retry > Attempts)
            return OnAttemptsExceeded == AttemptsExceeded.Delete
                ? JobState.Deleted(now, Attempts > 0 ? StateReasons.RetriesExceeded : StateReasons.RetriesDisabled, failure)
                : null;
        var reason = string.Create(
            CultureInfo.InvariantCulture, $"{StateReasons.RetryPrefix} {retry} of {Attempts}: {Cut(failure.Message)}");
        var delay = Delay(retry, random);
        return delay == TimeSpan.Zero ? JobState.Enqueued(queue(), now, reason) : JobState.Scheduled(now + delay, now, reason);
    }

    /// <summary>How long the given retry (from 1) waits; never longer than Hangfire could say, 68 years.</summary>
    public TimeSpan Delay(int retry, Random random) => TimeSpan.FromSeconds(
        DelaysInSeconds is { Count: > 0 } delays
            ? Math.Max(0, delays[Math.Min(retry, delays.Count) - 1])
            : Math.Min(int.MaxValue, Math.Pow(retry - 1, 4) + 15 + (random.Next(30) * (double)retry)));

    bool Concerns(ExceptionInfo failure) =>
        (OnlyOn.Count == 0 || OnlyOn.Any(failure.IsA)) && !ExceptOn.Any(failure.IsA);

    static string? Cut(string? message) => message?.Length > 50 ? message[..49] + "…" : message;
}
