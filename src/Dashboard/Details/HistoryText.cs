using System.Globalization;
using JobRunner.Dashboard.Formats;

namespace JobRunner.Dashboard.Details;

/// <summary>The data of a state in words. What no rule knows is shown as it is stored.</summary>
static class HistoryText
{
    /// <summary>How long a job was in a state, or null where that tells nothing: a job stays ended until somebody comes, and
    /// one that is retried leaves Failed as soon as it has entered it.</summary>
    public static string? Span(string state, TimeSpan span, bool isCurrent)
    {
        var isEnded = JobStates.HasEnded(state);
        if (isEnded && (isCurrent || span < TimeSpan.FromSeconds(1)))
            return null;
        var verb = (isEnded, state == JobStates.Processing, isCurrent) switch
        {
            (true, _, _) => "stayed",
            (_, true, true) => "running for",
            (_, true, false) => "ran",
            (_, false, true) => "waiting for",
            (_, false, false) => "waited",
        };
        return $"{verb} {Durations.Format(span)}";
    }

    /// <summary>True for errors, which have a block of their own.</summary>
    public static bool IsShownElsewhere(string state, string key) =>
        state == JobStates.Failed && key is "ExceptionType" or "ExceptionMessage" or "ExceptionDetails";

    public static DateTimeOffset? Instant(string key, string value) =>
        key.EndsWith("At", StringComparison.Ordinal) && HangfireTime.TryParse(value, out var instant) ? instant : null;

    public static string Value(string key, string value) => key switch
    {
        "PerformanceDuration" or "Latency" when Durations.FromMilliseconds(value) is { } span => Durations.Format(span),
        "Result" when ResultImage.TryRead(value) is not null =>
            string.Create(CultureInfo.InvariantCulture, $"a picture, {value.Length / 1024.0 * 3 / 4:N0} KiB"),
        "Result" => Cut.ToLine(value, 120),
        "ServerId" => ServerName.Short(value),
        _ => Cut.ToLength(value, 500),
    };
}
