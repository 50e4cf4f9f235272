using System.Globalization;

namespace JobRunner;

/// <summary>Durations as people write them in attributes and settings.</summary>
public static class Duration
{
    /// <summary>Reads <c>"500ms"</c>, <c>"30s"</c>, <c>"5m"</c>, <c>"2h"</c>, <c>"1d"</c> or <c>"00:01:30"</c>.</summary>
    /// <exception cref="FormatException">It is none of these, or not positive.</exception>
    public static TimeSpan Parse(string text)
    {
        var number = text.TrimEnd(['a', 'b', 'c', 'd', 'h', 'm', 's']);
        var span = text[number.Length..] switch
        {
            "ms" when Number(number, out var n) => TimeSpan.FromMilliseconds(n),
            "s" when Number(number, out var n) => TimeSpan.FromSeconds(n),
            "m" when Number(number, out var n) => TimeSpan.FromMinutes(n),
            "h" when Number(number, out var n) => TimeSpan.FromHours(n),
            "d" when Number(number, out var n) => TimeSpan.FromDays(n),
            "" when TimeSpan.TryParseExact(text, "c", CultureInfo.InvariantCulture, out var t) && text.Contains(':', StringComparison.Ordinal) => t,
            _ => TimeSpan.Zero,
        };
        return span > TimeSpan.Zero
            ? span
            : throw new FormatException($"'{text}' is not a duration: write for instance '500ms', '30s', '5m', '2h' or '00:01:30'.");
    }

    static bool Number(string text, out double number) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out number) && number < 1e7;
}
