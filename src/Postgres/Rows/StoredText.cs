using System.Text;
using System.Text.RegularExpressions;
using Npgsql;

namespace JobRunner.Postgres;

/// <summary>Text that PostgreSQL takes. It has no character NUL, and UTF-8 has no lone surrogate; one such character in a
/// message would otherwise refuse the whole batch that carries it.</summary>
static partial class StoredText
{
    const char Replacement = '\uFFFD';

    public static string? Clean(string? text) => text is null || IsClean(text) ? text : Replace(text);

    /// <summary>JSON of which a column jsonb is made: it must not name such characters by escapes, either.</summary>
    public static string CleanJson(string json)
    {
        var clean = Clean(json)!;
        return clean.Contains(@"\u0000", StringComparison.Ordinal) || clean.Contains(@"\ud", StringComparison.OrdinalIgnoreCase)
            ? Escape.Replace(clean, escape => escape.Groups["bad"].Success ? @"\ufffd" : escape.Value)
            : clean;
    }

    public static string? ReadOrNull(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);

    static bool IsClean(ReadOnlySpan<char> text) => !text.Contains('\0') && !text.ContainsAnyInRange('\uD800', '\uDFFF');

    static string Replace(string text)
    {
        var clean = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
            clean.Append(rune.Value == 0 ? Replacement.ToString() : rune.ToString());
        return clean.ToString();
    }

    // A whole character of two halves; NUL, or a half; any other escape, so that a backslash which is escaped begins none.
    [GeneratedRegex(@"\\u[dD][89abAB]..\\u[dD][c-fC-F]..|(?<bad>\\u0000|\\u[dD][89a-fA-F]..)|\\.")]
    private static partial Regex Escape { get; }
}
