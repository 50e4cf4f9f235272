using System.Globalization;
using JobRunner.Dashboard.Formats;

namespace JobRunner.Dashboard.Details;

/// <summary>The data of a state in words. What no rule knows is shown as it is stored.</summary>
static class HistoryText
{
    /// <summary>What a job did while it was in a state, before how long it did it.</summary>
    public static string Verb(string state) => state switch
    {
        JobStates.Processing => "ran",
        JobStates.Succeeded or JobStates.Failed or JobStates.Deleted => "stayed",
        _ => "waited",
    };

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
        "ServerId" => ServerName.Short(value),
        _ => Cut.ToLength(value, 500),
    };
}
