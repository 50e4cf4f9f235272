using System.Globalization;

namespace JobRunner.Dashboard.Formats;

/// <summary>Spans of time as a person says them: two units at most.</summary>
static class Durations
{
    public static string Format(TimeSpan span)
    {
        if (span < TimeSpan.Zero)
            span = TimeSpan.Zero;
        return span switch
        {
            { TotalMilliseconds: < 1 } => "under 1 ms",
            { TotalSeconds: < 1 } => Invariant($"{Math.Floor(span.TotalMilliseconds):0} ms"),
            { TotalSeconds: < 10 } => Invariant($"{Math.Floor(span.TotalSeconds * 10) / 10:0.0} s"),
            { TotalMinutes: < 1 } => Invariant($"{Math.Floor(span.TotalSeconds):0} s"),
            { TotalHours: < 1 } => TwoUnits(span.Minutes, "min", span.Seconds, "s"),
            { TotalDays: < 1 } => TwoUnits(span.Hours, "h", span.Minutes, "min"),
            { TotalDays: < 10 } => TwoUnits(span.Days, "d", span.Hours, "h"),
            _ => Invariant($"{Math.Floor(span.TotalDays):N0} d"),
        };
    }

    /// <summary>How far an instant is from now: "12 s ago", "in 3 min".</summary>
    public static string Relative(DateTimeOffset at, DateTimeOffset now)
    {
        var distance = Coarse((now - at).Duration());
        return distance is null ? "just now" : at > now ? $"in {distance}" : $"{distance} ago";
    }

    /// <summary>An instant to the millisecond, in UTC.</summary>
    public static string Exact(DateTimeOffset at) =>
        at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.fff 'UTC'", CultureInfo.InvariantCulture);

    /// <summary>A number of milliseconds, as state data has it, or null when the text is not one.</summary>
    public static TimeSpan? FromMilliseconds(string? text) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
        && number is >= 0 and < 1_000_000_000_000
            ? TimeSpan.FromMilliseconds(number)
            : null;

    static string? Coarse(TimeSpan span) => span switch
    {
        { TotalSeconds: < 1 } => null,
        { TotalMinutes: < 1 } => Invariant($"{span.Seconds} s"),
        { TotalHours: < 1 } => Invariant($"{span.Minutes} min"),
        { TotalDays: < 1 } => TwoUnits(span.Hours, "h", span.Hours < 6 ? span.Minutes : 0, "min"),
        _ => Invariant($"{Math.Floor(span.TotalDays):N0} d"),
    };

    static string TwoUnits(int large, string largeUnit, int small, string smallUnit) =>
        small == 0 ? Invariant($"{large} {largeUnit}") : Invariant($"{large} {largeUnit} {small} {smallUnit}");

    static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
