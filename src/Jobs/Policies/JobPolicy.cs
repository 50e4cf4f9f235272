using System.Globalization;

namespace JobRunner;

/// <summary>
/// What the attributes of a job's method say about its runs: ours, and Hangfire's by name. The nearest one counts: on the
/// method, then on its type, then on an interface of its type.
/// </summary>
public sealed class JobPolicy
{
    readonly string? _queue;
    readonly string? _displayName;

    internal JobPolicy(AttributePlaces places)
    {
        Retry = ReadRetry(places.Nearest("JobRunner.RetryAttribute", "Hangfire.AutomaticRetryAttribute"));
        _queue = Text(places.Nearest("JobRunner.QueueAttribute", "Hangfire.QueueAttribute"));
        _displayName = Text(places.Nearest(
            "JobRunner.JobDisplayNameAttribute", "Hangfire.JobDisplayNameAttribute", "System.ComponentModel.DisplayNameAttribute"));
        Retention = RetentionPolicy.Read(places.Nearest("JobRunner.RetentionAttribute"));
        AtMostOnce = places.Nearest("JobRunner.AtMostOnceAttribute") is not null;
        Exclusion = ReadExclusion(
            places.Nearest("JobRunner.DisableConcurrentExecutionAttribute", "Hangfire.DisableConcurrentExecutionAttribute"));
    }

    /// <summary>True when the job must never run twice, whatever happens (<see cref="AtMostOnceAttribute"/>).</summary>
    public bool AtMostOnce { get; }

    /// <summary>Whether and when the job runs again after a failure.</summary>
    public RetryPolicy Retry { get; }

    /// <summary>How long the job is kept after its end, or null when its attributes do not say.</summary>
    public RetentionPolicy? Retention { get; }

    /// <summary>What keeps two runs apart, or null.</summary>
    public ExclusionRule? Exclusion { get; }

    /// <summary>True when the queue that the attributes name follows from the call's arguments.</summary>
    public bool QueueTakesArguments => _queue is not null && Pattern.HasPlaces(_queue);

    /// <summary>The queue that the attributes name, or null.</summary>
    /// <param name="arguments">Gives the call's arguments, if the name has places for them.</param>
    /// <exception cref="ArgumentException">What comes out is not a queue name.</exception>
    /// <exception cref="FormatException">The name has places for which there are no arguments.</exception>
    public string? QueueOf(Func<IReadOnlyList<object?>> arguments) =>
        _queue is null ? null : QueueName.Require(Pattern.Fill(_queue, arguments, CultureInfo.InvariantCulture));

    /// <summary>The name that the attributes give a call, or null.</summary>
    /// <param name="arguments">Gives the call's arguments, if the name has places for them.</param>
    /// <exception cref="FormatException">The name has places for which there are no arguments.</exception>
    public string? DisplayNameOf(Func<IReadOnlyList<object?>> arguments) =>
        _displayName is null ? null : Pattern.Fill(_displayName, arguments, CultureInfo.CurrentCulture);

    static RetryPolicy ReadRetry(DeclaredAttribute? attribute) => attribute is null ? RetryPolicy.Default : new(
        attribute.Named.GetValueOrDefault("Attempts") as int? ?? RetryPolicy.Default.Attempts,
        attribute.Get<object?[]>("DelaysInSeconds") is { Length: > 0 } delays ? [.. delays.OfType<int>()] : null)
    {
        OnAttemptsExceeded = (AttemptsExceeded)attribute.Get<int>("OnAttemptsExceeded"),
        OnlyOn = attribute.TypeNames("OnlyOn"),
        ExceptOn = attribute.TypeNames("ExceptOn"),
    };

    // Hangfire's constructors are (seconds) and (resource, seconds); ours are the same.
    static ExclusionRule? ReadExclusion(DeclaredAttribute? attribute) => attribute is null ? null : new(
        attribute.Arguments.OfType<string>().FirstOrDefault() ?? attribute.Get<string>("Resource"),
        TimeSpan.FromSeconds(attribute.Arguments.OfType<int>().FirstOrDefault()));

    static string? Text(DeclaredAttribute? attribute) => attribute is { Arguments: [string text, ..] } ? text : null;
}

/// <summary>A text with places for a call's arguments, such as <c>"mail-{0}"</c>.</summary>
static class Pattern
{
    public static bool HasPlaces(string pattern) =>
        pattern.Contains('{', StringComparison.Ordinal) || pattern.Contains('}', StringComparison.Ordinal);

    public static string Fill(string pattern, Func<IReadOnlyList<object?>> arguments, CultureInfo culture) =>
        HasPlaces(pattern) ? string.Format(culture, pattern, [.. arguments()]) : pattern;
}
