using System.Text.Json;

namespace JobRunner.Sandbox;

/// <summary>One message, taken apart but not copied: its spans point into the reader's buffer. Unknown members are skipped.</summary>
readonly ref struct RpcEnvelope
{
    public RpcId? Id { get; private init; }

    public string? Method { get; private init; }

    public RpcParams Params { get; private init; }

    public ReadOnlySpan<byte> Result { get; private init; }

    public RpcError? Error { get; private init; }

    public static RpcEnvelope Parse(ReadOnlySpan<byte> json)
    {
        try
        {
            return ReadMembers(json);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new RpcConnectionException($"A message is not JSON-RPC: {e.Message}", e);
        }
    }

    static RpcEnvelope ReadMembers(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            throw new RpcConnectionException("A message is not a JSON object. (Batches are not supported.)");
        RpcId? id = null;
        string? method = null;
        RpcError? error = null;
        ReadOnlySpan<byte> parameters = default, result = default;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (IsNext(ref reader, "id"u8))
                id = RpcId.Read(ref reader);
            else if (IsNext(ref reader, "method"u8))
                method = reader.GetString();
            else if (IsNext(ref reader, "params"u8))
                parameters = json[Skip(ref reader)];
            else if (IsNext(ref reader, "result"u8))
                result = json[Skip(ref reader)];
            else if (IsNext(ref reader, "error"u8))
                error = JsonSerializer.Deserialize(ref reader, WireJson.Default.RpcError);
            else
                reader.Skip();
        }

        RejectTrailing(ref reader);
        return new RpcEnvelope { Id = id, Method = method, Params = new RpcParams(parameters), Result = result, Error = error };
    }

    static void RejectTrailing(ref Utf8JsonReader reader)
    {
        if (reader.Read())
            throw new RpcConnectionException("A message has text after its object.");
    }

    static bool IsNext(ref Utf8JsonReader reader, ReadOnlySpan<byte> name) =>
        reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals(name) && reader.Read();

    static Range Skip(ref Utf8JsonReader reader)
    {
        var start = (int)reader.TokenStartIndex;
        reader.Skip();
        return start..(int)reader.BytesConsumed;
    }
}
