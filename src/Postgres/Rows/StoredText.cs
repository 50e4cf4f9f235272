using System.Text;

namespace JobRunner.Postgres;

/// <summary>Text that PostgreSQL takes. It has no character NUL, and UTF-8 has no lone surrogate; one such character in a
/// message would otherwise refuse the whole batch that carries it.</summary>
static class StoredText
{
    const char Replacement = '\uFFFD';

    public static string? Clean(string? text) => text is null || IsClean(text) ? text : Replace(text);

    static bool IsClean(string text)
    {
        foreach (var c in text.AsSpan())
        {
            if (c == 0 || char.IsSurrogate(c))
                return false;
        }

        return true;
    }

    static string Replace(string text)
    {
        var clean = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
            clean.Append(rune.Value == 0 ? Replacement.ToString() : rune.ToString());
        return clean.ToString();
    }
}
