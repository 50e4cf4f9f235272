using System.Text;

namespace JobRunner;

/// <summary>Takes an expression apart into its fields.</summary>
static class CronParser
{
    static readonly (string Name, string Meaning)[] _macros =
    [
        ("@every_second", "* * * * * *"), ("@every_minute", "* * * * *"), ("@hourly", "0 * * * *"), ("@daily", "0 0 * * *"),
        ("@midnight", "0 0 * * *"), ("@weekly", "0 0 * * 0"), ("@monthly", "0 0 1 * *"), ("@yearly", "0 0 1 1 *"), ("@annually", "0 0 1 1 *"),
    ];

    /// <summary>What may stand between fields, and around them.</summary>
    public static readonly char[] Blanks = [' ', '\t'];

    public static CronSchedule Parse(string text)
    {
        var parts = text.Split(Blanks, StringSplitOptions.RemoveEmptyEntries);
        if (parts is [['@', ..] macro])
            parts = Meaning(macro).Split(' ');
        if (parts.Length is not (5 or 6))
            throw new FormatException(
                $"'{text}' has {parts.Length} fields: write five (minute, hour, day of month, month, day of week), six with the seconds first, or a macro such as @daily.");
        return Schedule(parts);
    }

    static CronSchedule Schedule(string[] parts)
    {
        var offset = CronField.All.Length - parts.Length;
        CronReader[] readers =
            [.. parts.Select((part, index) => new CronReader(CronField.All[index + offset], part, index + 1, parts.Length))];
        var clock = readers[..^3];
        CronSet[] times = [.. clock.Select(CronFieldParser.Parse)];
        return new CronSchedule(
            offset == 0 ? times[0] : CronSet.Of(0), times[^2], times[^1],
            CronDayOfMonth.Parse(readers[^3]), CronFieldParser.Parse(readers[^2]), CronDayOfWeek.Parse(readers[^1]),
            clock.Any(reader => reader.Repeats));
    }

    static string Meaning(string macro)
    {
        var found = Array.Find(_macros, known => Ascii.EqualsIgnoreCase(known.Name, macro));
        return found.Meaning
            ?? throw new FormatException($"'{macro}' is not a macro: write {string.Join(", ", _macros.Select(known => known.Name))}, or five fields.");
    }
}
