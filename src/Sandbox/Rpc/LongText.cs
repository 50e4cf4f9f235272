using System.Text.Json;
using System.Text.Json.Serialization;

namespace JobRunner.Sandbox;

/// <summary>A text that may be very long. Written in pieces: the writer reserves for each piece what it would need if all of it had to be
/// escaped, which is twelve times the text.</summary>
sealed class LongText : JsonConverter<string>
{
    const int PieceLength = 16 * 1024;

    public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String ? reader.GetString() : throw new JsonException("A text was expected.");

    public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => Write(writer, value);

    public static void Write(Utf8JsonWriter writer, string value)
    {
        if (value.Length <= PieceLength)
        {
            writer.WriteStringValue(value);
            return;
        }

        for (var at = 0; at < value.Length; at += PieceLength)
        {
            var rest = value.AsSpan(at);
            var isLast = rest.Length <= PieceLength;
            writer.WriteStringValueSegment(isLast ? rest : rest[..PieceLength], isFinalSegment: isLast);
        }
    }
}

/// <summary>Texts, or nulls, that may be very long.</summary>
sealed class LongTexts : JsonConverter<IReadOnlyList<string?>>
{
    public override IReadOnlyList<string?> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
            throw new JsonException("An array of texts was expected.");
        var texts = new List<string?>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            texts.Add(reader.TokenType is JsonTokenType.String or JsonTokenType.Null ? reader.GetString() : throw new JsonException("A text was expected."));
        return texts;
    }

    public override void Write(Utf8JsonWriter writer, IReadOnlyList<string?> value, JsonSerializerOptions options)
    {
        writer.WriteStartArray();
        foreach (var text in value)
        {
            if (text is null)
                writer.WriteNullValue();
            else
                LongText.Write(writer, text);
        }

        writer.WriteEndArray();
    }
}
