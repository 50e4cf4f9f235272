using System.Text;

namespace JobRunner;

/// <summary>Halves of characters (surrogates without their other half), which a text of .NET may have and UTF-8 cannot.</summary>
static class HalfCharacters
{
    /// <summary>The text with a replacement character (U+FFFD) for each: what Newtonsoft.Json reads for one that is escaped.</summary>
    public static string Mend(string text)
    {
        if (Next(text, 0) is not (>= 0 and var next))
            return text;
        var mended = new StringBuilder(text);
        for (; next >= 0; next = Next(text, next + 1))
            mended[next] = '\uFFFD';
        return mended.ToString();
    }

    /// <summary>True when there is one.</summary>
    public static bool IsIn(string text) => Next(text, 0) >= 0;

    static int Next(string text, int start)
    {
        for (var i = text.AsSpan(start).IndexOfAnyInRange('\ud800', '\udfff') is >= 0 and var first ? start + first : text.Length; i < text.Length; i++)
        {
            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
                i++;
            else if (char.IsSurrogate(text[i]))
                return i;
        }

        return -1;
    }
}
