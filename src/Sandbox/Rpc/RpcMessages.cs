using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace JobRunner.Sandbox;

/// <summary>A response of ours: a result, or an error.</summary>
readonly record struct RpcResponse(RpcResult Result, RpcError? Error)
{
    public static RpcResponse Of(RpcResult result) => new(result, null);

    public static RpcResponse Of(Exception exception, int code = RpcErrorCodes.InvocationError) =>
        new(default, RpcError.Of(exception, code));
}

/// <summary>The texts of outgoing messages, and the method names that belong to no interface.</summary>
static class RpcMessages
{
    public const string CancelRequest = "$/cancelRequest";
    public const string Progress = "$/progress";

    public static void WriteCall<T>(Utf8JsonWriter json, string method, RpcId? id, T parameters, JsonTypeInfo<T> type)
    {
        Begin(json);
        id?.Write(json);
        json.WriteString("method"u8, method);
        json.WritePropertyName("params"u8);
        JsonSerializer.Serialize(json, parameters, type);
        json.WriteEndObject();
    }

    public static void WriteResponse(Utf8JsonWriter json, RpcId id, RpcResponse response)
    {
        Begin(json);
        id.Write(json);
        if (response.Error is { } error)
        {
            json.WritePropertyName("error"u8);
            JsonSerializer.Serialize(json, error, WireJson.Default.RpcError);
        }
        else
        {
            json.WritePropertyName("result"u8);
            WriteResult(json, response.Result);
        }

        json.WriteEndObject();
    }

    static void Begin(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("jsonrpc"u8, "2.0"u8);
    }

    static void WriteResult(Utf8JsonWriter json, RpcResult result)
    {
        if (result is { Value: { } value, Type: { } type })
            JsonSerializer.Serialize(json, value, type);
        else
            json.WriteNullValue();
    }
}
