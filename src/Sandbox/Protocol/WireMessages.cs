using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Logging;

namespace JobRunner.Sandbox;

/// <summary>The contract between a worker and its sandboxes; docs/sandbox-protocol.md specifies it for other languages.
/// The order of a record's members is the order of positional parameters, so new members go last.</summary>
static class Wire
{
    public const int Version = 1;

    /// <summary>Sandbox to worker, first: who I am.</summary>
    public const string Hello = "hello";

    /// <summary>Worker to sandbox: load the application. The answer makes the sandbox ready.</summary>
    public const string Initialize = "initialize";

    /// <summary>Worker to sandbox: run one job. The answer is its end.</summary>
    public const string Run = "run";

    /// <summary>Sandbox to worker: a line of the running job's log.</summary>
    public const string Log = "log";
}

/// <summary>A result that says only that it is done.</summary>
sealed record Done;

sealed record HelloParams(string Token, int Version, int Pid = 0);

sealed record InitializeParams(string[] JobAssemblies, string[] Modules);

sealed record RunParams(
    long JobId, int Attempt, string Queue, string Type, string Method, IReadOnlyList<string> ParameterTypes,
    [property: JsonConverter(typeof(LongTexts))] IReadOnlyList<string?> Arguments, string? Culture = null, string? UiCulture = null, long Progress = 0, long MemoryLimit = 0, long LogLimit = 0);

/// <summary>What the job returned, as JSON text that is not looked into here; null for nothing.</summary>
sealed record RunResult([property: JsonConverter(typeof(LongText))] string? Result = null);

sealed record LogParams(LogLevel Level, [property: JsonConverter(typeof(MendedText))] string Message);

sealed record ProgressParams(long Token, ProgressValue Value);

sealed record ProgressValue(double Fraction, [property: JsonConverter(typeof(MendedText))] string? Message = null);

sealed record CancelParams(long Id);

/// <summary>A peer's request may have a text as its id.</summary>
sealed record IncomingCancelParams(JsonElement Id)
{
    public RpcId? ToId() => Id.ValueKind switch
    {
        JsonValueKind.Number when Id.TryGetInt64(out var number) => new RpcId(number),
        JsonValueKind.String => new RpcId(0, Id.GetString()),
        _ => null,
    };
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(Done))]
[JsonSerializable(typeof(HelloParams))]
[JsonSerializable(typeof(InitializeParams))]
[JsonSerializable(typeof(RunParams))]
[JsonSerializable(typeof(RunResult))]
[JsonSerializable(typeof(LogParams))]
[JsonSerializable(typeof(ProgressParams))]
[JsonSerializable(typeof(CancelParams))]
[JsonSerializable(typeof(IncomingCancelParams))]
[JsonSerializable(typeof(RpcError))]
[JsonSerializable(typeof(RpcErrorData))]
sealed partial class WireJson : JsonSerializerContext;
