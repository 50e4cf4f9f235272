using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;

namespace JobRunner.Sandbox;

/// <summary>A text for people. Languages whose texts are UTF-16 send half a character where they cut a text in the middle of one, and
/// a line of a log is no reason to end a connection: such a half becomes U+FFFD.</summary>
sealed partial class MendedText : JsonConverter<string>
{
    static readonly UTF8Encoding _strict = new(false, throwOnInvalidBytes: true);

    public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.String)
            throw new JsonException("A text was expected.");
        try
        {
            return reader.GetString();
        }
        catch (InvalidOperationException)
        {
            return Mend(reader.ValueSpan);
        }
    }

    public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WriteStringValue(value);

    static string? Mend(ReadOnlySpan<byte> escaped)
    {
        try
        {
            var mended = Escape.Replace(_strict.GetString(escaped), escape => escape.Groups["half"].Success ? @"\ufffd" : escape.Value);
            var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes($"\"{mended}\""));
            reader.Read();
            return reader.GetString();
        }
        catch (DecoderFallbackException e)
        {
            throw new JsonException("A text is not UTF-8.", e);
        }
    }

    // A whole character of two halves; a half; any other escape, so that a backslash which is escaped begins none.
    [GeneratedRegex(@"\\u[dD][89abAB]..\\u[dD][c-fC-F]..|(?<half>\\u[dD][89a-fA-F]..)|\\.")]
    private static partial Regex Escape { get; }
}
