using System.Globalization;
using System.Text.RegularExpressions;

namespace JobRunner.Storage;

/// <summary>The beginning of a text that was too long to be read whole, with a word about how long it is.</summary>
public static partial class CutText
{
    /// <summary>The text, or its beginning when it has more characters than <paramref name="longest"/>.</summary>
    public static string Of(string text, int longest)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Length <= longest)
            return text;
        var length = longest > 0 && char.IsHighSurrogate(text[longest - 1]) ? longest - 1 : longest;
        return string.Create(CultureInfo.InvariantCulture, $"{text.AsSpan(0, length)}\n… {text.Length} characters in all");
    }

    /// <summary>The beginning and how many characters the whole text has, when it was cut here.</summary>
    public static (string Beginning, long Length)? Read(string? text)
    {
        if (text is null)
            return null;
        var tail = Math.Max(0, text.Length - 60);
        var found = Tail.Match(text[tail..]);
        return found.Success ? (text[..(tail + found.Index)], long.Parse(found.Groups[1].ValueSpan, CultureInfo.InvariantCulture)) : null;
    }

    [GeneratedRegex(@"\n… ([0-9]{1,18}) characters in all\z")]
    private static partial Regex Tail { get; }
}
