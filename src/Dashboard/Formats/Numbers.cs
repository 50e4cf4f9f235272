using System.Globalization;

namespace JobRunner.Dashboard.Formats;

/// <summary>Numbers with thousands separators, alike on every machine.</summary>
static class Numbers
{
    public static string Format(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
