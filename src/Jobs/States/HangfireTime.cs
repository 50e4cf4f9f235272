using System.Globalization;

namespace JobRunner;

/// <summary>
/// Instants as Hangfire writes them into state data. Since its data compatibility level 170 that is Unix time in
/// milliseconds as a decimal string; level 110 wrote the ISO 8601 round-trip form. We write the first and read both.
/// </summary>
public static class HangfireTime
{
    // The largest Unix time in seconds that a DateTime can hold: larger numbers must be milliseconds.
    const long MaxUnixSeconds = 253_402_300_799;

    /// <summary>The instant as Unix milliseconds, a decimal string.</summary>
    public static string Format(DateTimeOffset instant) => instant.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture);

    /// <summary>Reads either form.</summary>
    /// <exception cref="FormatException">The text is neither all digits nor an ISO 8601 date.</exception>
    public static DateTimeOffset Parse(string text) =>
        TryParse(text, out var instant)
            ? instant
            : throw new FormatException($"'{text}' is not an instant: expected Unix milliseconds or an ISO 8601 date.");

    /// <summary>Reads either form; false when the text is neither.</summary>
    public static bool TryParse(string? text, out DateTimeOffset instant)
    {
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
        {
            var milliseconds = number > MaxUnixSeconds ? number : number * 1000;
            instant = milliseconds is >= -62_135_596_800_000 and <= 253_402_300_799_999
                ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds)
                : default;
            return instant != default;
        }

        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out instant);
    }
}
