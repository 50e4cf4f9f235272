using System.Globalization;

namespace JobRunner;

/// <summary>Reads the text of one field from left to right, and tells precisely where it stops making sense.</summary>
sealed class CronReader(CronField field, string text, int number, int count)
{
    int _at;

    public CronField Field { get; } = field;

    /// <summary>Whether a <c>*</c>, a range or a step was read.</summary>
    public bool Repeats { get; set; }

    public bool Accept(char wanted)
    {
        if (_at == text.Length || !IsLetter(text[_at], wanted))
            return false;
        _at++;
        return true;
    }

    /// <summary>A value of the field, as a number or a name.</summary>
    public int Value()
    {
        var start = _at;
        if (Take(char.IsAsciiDigit, text.Length) is { Length: > 0 } digits)
            return InRange(start, digits, Field.First, Field.Last, Field.Allowed);
        var name = Take(char.IsAsciiLetter, 3);
        var value = Field.ValueOf(name);
        return value >= 0 ? value : throw Error(start, name, NotAValue(name), Field.Allowed);
    }

    /// <summary>A number that is not a value of the field, such as a step.</summary>
    public int Number(int first, int last, string meaning)
    {
        var (start, allowed) = (_at, $"{first}-{last} ({meaning})");
        var digits = Take(char.IsAsciiDigit, text.Length);
        return digits.Length > 0 ? InRange(start, digits, first, last, allowed) : throw Error(start, "", "is not a number", allowed);
    }

    /// <summary>Requires that all was read.</summary>
    public void End()
    {
        if (_at < text.Length)
            throw Error(_at, text[_at..], "does not belong there", Field.Forms);
    }

    int InRange(int start, string digits, int first, int last, string allowed)
    {
        // Even of zeros Hangfire takes two at most.
        if (digits.Length > 2)
            throw Error(start, digits, "has more than two digits", allowed);
        var value = int.Parse(digits, CultureInfo.InvariantCulture);
        return value >= first && value <= last ? value : throw Error(start, digits, $"is outside {allowed}");
    }

    string Take(Func<char, bool> wanted, int most)
    {
        var start = _at;
        while (_at < text.Length && _at - start < most && wanted(text[_at]))
            _at++;
        return text[start.._at];
    }

    static string NotAValue(string name) => name.Equals("H", StringComparison.OrdinalIgnoreCase)
        ? "asks for jitter, which is not supported (nor is it by Hangfire 1.8)"
        : "is not a value";

    FormatException Error(int start, string token, string problem, string? advice = null)
    {
        var place = $"in the {Field.Name} field (field {number} of {count})";
        var write = advice is null ? "." : $": write {advice}.";
        if (start == text.Length)
            return new FormatException($"'{text}' {place} ends too early{write}");
        if (token.Length == 0)
            token = text[start].ToString();
        var position = token == text ? "" : $" at character {start + 1} of '{text}'";
        return new FormatException($"'{token}'{position} {place} {problem}{write}");
    }

    static bool IsLetter(char actual, char wanted) =>
        actual == wanted || (char.IsAsciiLetter(actual) && char.ToUpperInvariant(actual) == wanted);
}
