using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace JobRunner.Postgres;

/// <summary>Column <c>state.data</c>: an object whose values are strings.</summary>
static class StateData
{
    // Thousands of them are written in a second: the buffer stays, unless a long result has made it long.
    const int LongestKept = 64 * 1024;
    [ThreadStatic] static ArrayBufferWriter<byte>? _text;
    [ThreadStatic] static Utf8JsonWriter? _json;

    static readonly JsonWriterOptions _compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    // As deep as a column jsonb can be; it is read without recursion.
    static readonly JsonDocumentOptions _anyDepth = new() { MaxDepth = int.MaxValue };

    public static string Write<TValue>(IReadOnlyDictionary<string, TValue> data) where TValue : class? => Encoding.UTF8.GetString(WriteUtf8(data));

    /// <summary>As <see cref="Write"/>, encoded: for the many that are sent as they are.</summary>
    public static byte[] WriteUtf8<TValue>(IReadOnlyDictionary<string, TValue> data) where TValue : class?
    {
        var text = _text ??= new(256);
        var json = _json ??= new(text, _compact);
        text.ResetWrittenCount();
        json.Reset();
        json.WriteStartObject();
        foreach (var (key, value) in data)
            json.WriteString(StoredText.Clean(key)!, StoredText.Clean(value as string));
        json.WriteEndObject();
        json.Flush();
        var written = text.WrittenSpan.ToArray();
        if (text.Capacity > LongestKept)
            (_text, _json) = (null, null);
        return written;
    }

    /// <summary>What is stored, however it was written: a value that is no string comes as its JSON.</summary>
    public static IReadOnlyDictionary<string, string> Read(string? json)
    {
        var data = new Dictionary<string, string>(StringComparer.Ordinal);
        if (json is null)
            return data;
        using var document = JsonDocument.Parse(json, _anyDepth);
        if (document.RootElement.ValueKind != JsonValueKind.Object)
            return data;
        foreach (var property in document.RootElement.EnumerateObject())
            data[property.Name] = property.Value.ValueKind == JsonValueKind.String
                ? property.Value.GetString()!
                : property.Value.GetRawText();
        return data;
    }
}
