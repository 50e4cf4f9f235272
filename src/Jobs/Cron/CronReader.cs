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
            return InRange(start, digits, Field.First, Field.Last, $"is outside {Field.Allowed}.");
        var name = Take(char.IsAsciiLetter, 3);
        var value = Field.ValueOf(name);
        return value >= 0 ? value : throw Error(start, name, NotAValue(name));
    }

    /// <summary>A number that is not a value of the field, such as a step.</summary>
    public int Number(int first, int last, string meaning)
    {
        var start = _at;
        var digits = Take(char.IsAsciiDigit, text.Length);
        return digits.Length > 0
            ? InRange(start, digits, first, last, $"is outside {first}-{last}, {meaning}.")
            : throw Error(start, "", $"is not a number: write {first}-{last}, {meaning}.");
    }

    /// <summary>Requires that all was read.</summary>
    public void End()
    {
        if (_at < text.Length)
            throw Error(_at, text[_at..], $"does not belong there: write {Field.Forms}.");
    }

    // More than two digits are refused even when they are zeros, as Hangfire refuses them.
    int InRange(int start, string digits, int first, int last, string problem) =>
        digits.Length <= 2 && int.Parse(digits, CultureInfo.InvariantCulture) is var value && value >= first && value <= last
            ? value
            : throw Error(start, digits, problem);

    string Take(Func<char, bool> wanted, int most)
    {
        var start = _at;
        while (_at < text.Length && _at - start < most && wanted(text[_at]))
            _at++;
        return text[start.._at];
    }

    string NotAValue(string name) => name.Equals("H", StringComparison.OrdinalIgnoreCase)
        ? $"asks for jitter, which is not supported (nor is it by Hangfire 1.8): write {Field.Allowed}."
        : $"is not a value: write {Field.Allowed}.";

    FormatException Error(int start, string token, string problem)
    {
        if (token.Length == 0)
            token = start < text.Length ? text[start..(start + 1)] : "";
        var what = token.Length > 0 ? $"'{token}'" : "The end";
        var position = token == text ? "" : $" at character {start + 1} of '{text}'";
        return new FormatException($"{what}{position} in the {Field.Name} field (field {number} of {count}) {problem}");
    }

    static bool IsLetter(char actual, char wanted) =>
        actual == wanted || (char.IsAsciiLetter(actual) && char.ToUpperInvariant(actual) == wanted);
}
