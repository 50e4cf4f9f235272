using System.Globalization;
using System.Text;
using Newtonsoft.Json;

namespace JobRunner;

/// <summary>
/// A call as Hangfire stores it (jsonb columns <c>invocationdata</c> and <c>arguments</c> of table <c>job</c>): names and
/// JSON texts only, so that it can be carried, shown and stored without the types it names.
/// </summary>
/// <param name="Type">The name of the type, with its assembly.</param>
/// <param name="Method">The name of the method.</param>
/// <param name="ParameterTypes">The names of the parameters' types.</param>
/// <param name="Arguments">Each argument as JSON; a null element is a null argument.</param>
/// <param name="Queue">The queue that the call itself carries, or null.</param>
public sealed record Invocation(
    string Type, string Method, IReadOnlyList<string> ParameterTypes, IReadOnlyList<string?> Arguments, string? Queue = null)
{
    /// <summary>The text of <c>ParameterTypes</c> as it is stored; null for a call that was not read from a store.</summary>
    public string? StoredParameterTypes { get; init; }

    /// <summary>Type, method and parameter types as they are stored, a line each: equal for all jobs of a method that one client
    /// enqueues, and what a store can compare without reading the call.</summary>
    public string StoredMethod => $"{Type}\n{Method}\n{StoredParameterTypes ?? ToJsonArray(ParameterTypes)}";

    /// <summary>How many characters its arguments have together: about as many bytes as they have where they are stored, and half as
    /// many as in memory.</summary>
    public long PayloadLength => Arguments.Sum(argument => (long)(argument?.Length ?? 0));

    /// <summary>The same call for a list: in the place of its arguments is one text, which is no JSON and says how many bytes they have.</summary>
    public Invocation Listed(long bytes) => this with { Arguments = [string.Create(CultureInfo.InvariantCulture, $"… about {bytes:N0} bytes")] };

    /// <summary>The type's name without namespace and assembly, for people.</summary>
    public string ShortType
    {
        get
        {
            var name = Type.AsSpan();
            if (name.IndexOfAny(',', '[') is >= 0 and var end)
                name = name[..end];
            return name[(name.LastIndexOfAny('.', '+') + 1)..].ToString();
        }
    }

    /// <summary>The call as a person reads it: short type and method.</summary>
    public string DisplayName => $"{ShortType}.{Method}";

    /// <summary>The text of column <c>invocationdata</c>. It repeats the arguments, as Hangfire does.</summary>
    public string ToInvocationData()
    {
        var text = new StringBuilder(256);
        using var json = new JsonTextWriter(new StringWriter(text));
        json.WriteStartObject();
        json.WritePropertyName("Type");
        json.WriteValue(Type);
        json.WritePropertyName("Method");
        json.WriteValue(Method);
        json.WritePropertyName("ParameterTypes");
        json.WriteValue(ToJsonArray(ParameterTypes));
        json.WritePropertyName("Arguments");
        json.WriteValue(ToArgumentsColumn());
        if (Queue is not null)
        {
            json.WritePropertyName("Queue");
            json.WriteValue(Queue);
        }

        json.WriteEndObject();
        json.Flush();
        return text.ToString();
    }

    /// <summary>The text of column <c>arguments</c>: an array whose elements are strings that are JSON themselves, or null.</summary>
    public string ToArgumentsColumn() => ToJsonArray(Arguments);

    /// <summary>Reads the two columns.</summary>
    /// <param name="invocationData">Column <c>invocationdata</c>.</param>
    /// <param name="arguments">Column <c>arguments</c>, which wins over the copy inside the first.</param>
    /// <exception cref="FormatException">A part is missing or is not what Hangfire writes; the message names it.</exception>
    public static Invocation Parse(string invocationData, string? arguments) => InvocationReader.Read(invocationData, arguments);

    /// <summary>Reads the two columns, of which the second one may be long, and is not made a text on the way.</summary>
    /// <param name="invocationData">Column <c>invocationdata</c>.</param>
    /// <param name="arguments">Column <c>arguments</c> in UTF-8.</param>
    /// <exception cref="FormatException">A part is missing or is not what Hangfire writes; the message names it.</exception>
    public static Invocation ParseUtf8(string invocationData, byte[] arguments) => InvocationReader.ReadUtf8(invocationData, arguments);

    static string ToJsonArray(IReadOnlyList<string?> items)
    {
        if (items.Count == 0)
            return "[]";
        var text = new StringBuilder(64);
        using var json = new JsonTextWriter(new StringWriter(text));
        json.WriteStartArray();
        for (var i = 0; i < items.Count; i++)
            json.WriteValue(items[i]);
        json.WriteEndArray();
        json.Flush();
        return text.ToString();
    }
}
