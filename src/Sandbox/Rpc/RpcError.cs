using System.Text.Json;
using System.Text.Json.Serialization;

namespace JobRunner.Sandbox;

/// <summary>The error member of a response. What its data looks like is the peer's affair.</summary>
sealed record RpcError(int Code, [property: JsonConverter(typeof(MendedText))] string Message, JsonElement? Data = null)
{
    public static RpcError Of(Exception exception, int code) => new(
        code, ExceptionInfo.MessageOf(exception), JsonSerializer.SerializeToElement(RpcErrorData.From(exception), WireJson.Default.RpcErrorData));

    /// <summary>The error as an exception of ours.</summary>
    public RpcException ToException() => new(Code, Message, ReadData());

    RpcErrorData? ReadData()
    {
        try
        {
            return Data is { ValueKind: JsonValueKind.Object } data ? data.Deserialize(WireJson.Default.RpcErrorData) : null;
        }
        catch (JsonException)
        {
            return null; // another form than StreamJsonRpc's: code and message tell enough
        }
    }
}

/// <summary>An exception as StreamJsonRpc's CommonErrorData carries it, and two members more, which peers that do not know them
/// ignore: <paramref name="Details"/>, the text of the whole exception, and <paramref name="Bases"/>, the types that its type
/// derives from.</summary>
sealed record RpcErrorData(
    string? Type = null, [property: JsonConverter(typeof(MendedText))] string? Message = null,
    [property: JsonConverter(typeof(MendedText))] string? Stack = null, int Code = 0, RpcErrorData? Inner = null,
    [property: JsonConverter(typeof(MendedText))] string? Details = null, string? Bases = null)
{
    // JSON readers, ours and others, refuse what is nested deeper than 64; Details has the rest.
    const int MaxCauses = 40;

    public static RpcErrorData From(Exception exception)
    {
        var info = ExceptionInfo.From(exception);
        return From(exception, info.Details) with { Bases = info.BaseTypes };
    }

    /// <summary>This one and its causes, outermost first.</summary>
    [JsonIgnore]
    public IEnumerable<RpcErrorData> Chain
    {
        get
        {
            for (var data = this; data is not null; data = data.Inner)
                yield return data;
        }
    }

    /// <summary>The exception as the job's end tells it; made up from the parts when the peer sent no details.</summary>
    public ExceptionInfo ToExceptionInfo(string message) =>
        ExceptionInfo.Of(Type ?? nameof(Exception), Message ?? message, Details ?? Describe(), Bases);

    static RpcErrorData From(Exception exception, string? details, int causes = MaxCauses) => new(
        exception.GetType().FullName, ExceptionInfo.MessageOf(exception), ExceptionInfo.StackOf(exception), exception.HResult,
        causes > 0 && exception.InnerException is { } inner ? From(inner, null, causes - 1) : null, details);

    // The form of Exception.ToString().
    string Describe() => $"{Type}: {Message}"
        + (Inner is null ? "" : $"\n ---> {Inner.Describe()}\n   --- End of inner exception stack trace ---")
        + (Stack is null ? "" : $"\n{Stack}");
}

/// <summary>Codes of JSON-RPC, of the language server protocol and of StreamJsonRpc.</summary>
static class RpcErrorCodes
{
    public const int InvalidRequest = -32600;
    public const int MethodNotFound = -32601;
    public const int InvalidParams = -32602;
    public const int InvocationError = -32000;
    public const int RequestCanceled = -32800;
}
