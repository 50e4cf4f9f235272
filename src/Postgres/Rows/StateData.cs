using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace JobRunner.Postgres;

/// <summary>Column <c>state.data</c>: an object whose values are strings.</summary>
static class StateData
{
    static readonly JsonWriterOptions _compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    // As deep as a column jsonb can be; it is read without recursion.
    static readonly JsonDocumentOptions _anyDepth = new() { MaxDepth = int.MaxValue };

    public static string Write<TValue>(IReadOnlyDictionary<string, TValue> data) where TValue : class? => Encoding.UTF8.GetString(WriteUtf8(data));

    /// <summary>As <see cref="Write"/>, encoded: for the many that are sent as they are.</summary>
    public static byte[] WriteUtf8<TValue>(IReadOnlyDictionary<string, TValue> data) where TValue : class?
    {
        var text = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(text, _compact))
        {
            json.WriteStartObject();
            foreach (var (key, value) in data)
                json.WriteString(StoredText.Clean(key)!, StoredText.Clean(value as string));
            json.WriteEndObject();
        }

        return text.WrittenSpan.ToArray();
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
