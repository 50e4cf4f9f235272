using System.Globalization;
using System.Numerics;
using System.Text;
using Newtonsoft.Json;

namespace JobRunner;

/// <summary>
/// Writes JSON that can be read again, and refuses what could not: Newtonsoft.Json's reader bounds how deep values are nested and how
/// long a number is. Its writer does not, and a value without an end (whose members make new ones) overflows the stack.
/// </summary>
sealed class BoundedJsonWriter(TextWriter text, int maxDepth) : JsonTextWriter(text)
{
    // What Newtonsoft.Json reads of an integer.
    const int MaxDigits = 380;

    public override void WriteStartObject()
    {
        Deeper();
        base.WriteStartObject();
    }

    public override void WriteStartArray()
    {
        Deeper();
        base.WriteStartArray();
    }

    public override void WriteStartConstructor(string name)
    {
        Deeper();
        base.WriteStartConstructor(name);
    }

    // Integers of any length come here, and by no other way.
    public override void WriteValue(object? value)
    {
        if (value is BigInteger number && number.ToString(CultureInfo.InvariantCulture).Length is > MaxDigits and var length)
            throw new JsonSerializationException($"It has a number of {length:N0} digits; at most {MaxDigits} can be read again.");
        base.WriteValue(value);
    }

    void Deeper()
    {
        if (Top >= maxDepth)
            throw new TooDeepException(
                $"It is nested deeper than {maxDepth} levels (MaxDepth of the argument settings), at '{Beginning(Path)}'. Has it an end?");
    }

    static string Beginning(string path) => path.Length > 100 ? path[..100] + "…" : path;
}

/// <summary>A text that has an end: a value may go on for ever (a list that makes its next item), and would take all memory.</summary>
sealed class BoundedTextWriter(StringBuilder text, int maxLength) : StringWriter(text, CultureInfo.InvariantCulture)
{
    public override void Write(char value)
    {
        Longer(1);
        base.Write(value);
    }

    public override void Write(char[] buffer, int index, int count)
    {
        Longer(count);
        base.Write(buffer, index, count);
    }

    public override void Write(string? value)
    {
        Longer(value?.Length ?? 0);
        base.Write(value);
    }

    void Longer(int count)
    {
        if (GetStringBuilder().Length > maxLength - count)
            throw new JsonSerializationException(string.Create(CultureInfo.InvariantCulture, $"It is longer than {maxLength:N0} characters. Has it an end?"));
    }
}

/// <summary>A value is nested deeper than the writer was allowed to go.</summary>
sealed class TooDeepException(string message) : JsonSerializationException(message);
