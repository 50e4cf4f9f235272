using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace JobRunner.Dashboard.Formats;

/// <summary>Stored JSON for people: indented, cut when large, and as it is when it is no JSON at all.</summary>
static class JsonText
{
    // The pages encode what they show; here a 'ü' may stay a 'ü'.
    static readonly JsonWriterOptions _indented = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    static readonly JsonWriterOptions _compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Indents a value, but keeps short ones on one line.</summary>
    public static string Pretty(string json, int length = 20_000)
    {
        // What is far too large to show is not worth reading whole.
        if (json.Length > 20 * length)
            return Cut.ToLength(json, length);
        try
        {
            using var document = JsonDocument.Parse(json);
            var line = Write(document.RootElement, _compact);
            return Cut.ToLength(line.Length <= 60 ? line : Write(document.RootElement, _indented), length);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException) // Half a surrogate pair is the second.
        {
            return Cut.ToLength(json, length);
        }
    }

    /// <summary>What kind of value a text is, or Undefined when it is no JSON.</summary>
    public static JsonValueKind KindOf(string json) => json.AsSpan().TrimStart() switch
    {
        ['"', ..] => JsonValueKind.String,
        ['{', ..] => JsonValueKind.Object,
        ['[', ..] => JsonValueKind.Array,
        ['-' or (>= '0' and <= '9'), ..] => JsonValueKind.Number,
        "true" => JsonValueKind.True,
        "false" => JsonValueKind.False,
        "null" => JsonValueKind.Null,
        _ => JsonValueKind.Undefined,
    };

    static string Write(JsonElement value, JsonWriterOptions options)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer, options))
            value.WriteTo(writer);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
