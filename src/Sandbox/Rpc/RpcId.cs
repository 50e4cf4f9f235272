using System.Text.Json;

namespace JobRunner.Sandbox;

/// <summary>The id of a request. We number ours; a peer may use texts.</summary>
readonly record struct RpcId(long Number, string? Text = null)
{
    public static RpcId? Read(ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.Number when reader.TryGetInt64(out var number) => new RpcId(number),
        JsonTokenType.String => new RpcId(0, reader.GetString()),
        JsonTokenType.Null => null,
        _ => throw new RpcConnectionException("A message's id is neither a whole number nor a text."),
    };

    public void Write(Utf8JsonWriter json)
    {
        if (Text is null)
            json.WriteNumber("id"u8, Number);
        else
            json.WriteString("id"u8, Text);
    }
}
