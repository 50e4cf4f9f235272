using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;

namespace JobRunner;

/// <summary>Reads a stored call. Every claimed job comes through here, so it reads token by token and builds no document; what
/// is inside the arguments stays text, and is not looked at.</summary>
static class InvocationReader
{
    // Calls without arguments have one text for each method, and are read once.
    const int MostKnown = 1000;
    const int LongestKnown = 2000;
    static readonly ConcurrentDictionary<string, Invocation> _known = new(StringComparer.Ordinal);

    public static Invocation Read(string invocationData, string? arguments) =>
        ReadUtf8(invocationData, arguments is null ? null : Encoding.UTF8.GetBytes(arguments));

    public static Invocation ReadUtf8(string invocationData, byte[]? arguments)
    {
        if (invocationData.Length > LongestKnown || !arguments.AsSpan().SequenceEqual("[]"u8))
            return ReadAnew(invocationData, arguments);
        if (_known.TryGetValue(invocationData, out var known))
            return known;
        var call = ReadAnew(invocationData, arguments);
        if (_known.Count >= MostKnown)
            _known.Clear();
        return _known.GetOrAdd(invocationData, call);
    }

    static Invocation ReadAnew(string invocationData, byte[]? arguments)
    {
        try
        {
            var (type, method, parameterTypes, copied, queue) = ReadMembers(invocationData);
            return new Invocation(
                type ?? throw new FormatException("The stored call has no 'Type'."),
                method ?? throw new FormatException("The stored call has no 'Method'."),
                Array.ConvertAll(ReadStrings(parameterTypes, "ParameterTypes"), name => name ?? ""),
                arguments is null ? ReadStrings(copied, "Arguments") : ReadStrings(arguments, "Arguments"),
                queue is null || QueueName.IsOne(queue) ? queue : throw new FormatException("The 'Queue' of the stored call is not the name of a queue."))
            {
                StoredParameterTypes = parameterTypes ?? "",
            };
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new FormatException($"The stored call cannot be read: {e.Message}", e);
        }
    }

    static (string? Type, string? Method, string? ParameterTypes, string? Arguments, string? Queue) ReadMembers(string json)
    {
        string? type = null, method = null, parameterTypes = null, arguments = null, queue = null;
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(json));
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            throw new FormatException($"The stored call cannot be read: it is not an object but {reader.TokenType}.");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("Type"u8))
                type = Value(ref reader);
            else if (reader.ValueTextEquals("Method"u8))
                method = Value(ref reader);
            else if (reader.ValueTextEquals("ParameterTypes"u8))
                parameterTypes = Value(ref reader);
            else if (reader.ValueTextEquals("Arguments"u8))
                arguments = Value(ref reader);
            else if (reader.ValueTextEquals("Queue"u8))
                queue = Value(ref reader);
            else
                reader.Skip();
        }

        return (type, method, parameterTypes, arguments, queue);
    }

    static string? Value(ref Utf8JsonReader reader)
    {
        reader.Read();
        return reader.GetString();
    }

    static string?[] ReadStrings(string? json, string name) => json is null or "" or "[]" ? [] : ReadStrings(Encoding.UTF8.GetBytes(json), name);

    static string?[] ReadStrings(ReadOnlySpan<byte> json, string name)
    {
        if (json.IsEmpty || json.SequenceEqual("[]"u8))
            return [];
        var reader = new Utf8JsonReader(json);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartArray)
            throw new FormatException($"'{name}' of the stored call is not an array but {reader.TokenType}.");
        var items = new List<string?>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            items.Add(reader.TokenType is JsonTokenType.String or JsonTokenType.Null
                ? reader.GetString()
                : throw new FormatException($"The stored call has an element in '{name}' that is not a string: {reader.TokenType}."));
        }

        return [.. items];
    }
}
