using System.Globalization;
using JobRunner.Storage;

namespace JobRunner.Dashboard.Formats;

/// <summary>Cuts texts that are too long for their place.</summary>
static class Cut
{
    /// <summary>One line: white space and control characters become single spaces, and what is too long ends in an ellipsis.</summary>
    public static string ToLine(string? text, int length)
    {
        if (string.IsNullOrEmpty(text))
            return "";
        Span<char> line = stackalloc char[256];
        line = line[..Math.Min(length, line.Length)];
        var used = 0;
        var space = true;
        foreach (var c in text)
        {
            var isSpace = char.IsWhiteSpace(c) || char.IsControl(c);
            if (isSpace && space)
                continue;
            if (used == line.Length)
                return string.Concat(Whole(line[..(used - 1)]), "…");
            line[used++] = isSpace ? ' ' : c;
            space = isSpace;
        }

        return line[..used].TrimEnd().ToString();
    }

    /// <summary>The beginning of a text of any form, and a word about how much is missing.</summary>
    public static string ToLength(string text, int length)
    {
        var (known, all) = CutText.Read(text) ?? (text, text.Length);
        var shown = Math.Min(known.Length, length);
        return all <= shown
            ? text
            : string.Concat(Whole(known.AsSpan(0, shown)), string.Create(CultureInfo.InvariantCulture, $"\n… {all - shown:N0} more characters"));
    }

    // Never ends in half a surrogate pair.
    static ReadOnlySpan<char> Whole(ReadOnlySpan<char> text) =>
        text.Length > 0 && char.IsHighSurrogate(text[^1]) ? text[..^1] : text;
}
