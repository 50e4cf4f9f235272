using System.Text.Json.Serialization.Metadata;

namespace JobRunner.Sandbox;

/// <summary>What answers the peer. Both methods are called by the thread that reads the connection.</summary>
interface IRpcTarget
{
    /// <summary>A request. An exception becomes the error of the response. It may block where <see cref="JsonRpcConnection.Run"/> reads.</summary>
    ValueTask<RpcResult> OnRequestAsync(string method, RpcParams parameters, CancellationToken cancellationToken);

    /// <summary>A notification. Unknown ones are ignored. It must return soon.</summary>
    void OnNotification(string method, RpcParams parameters);
}

/// <summary>The result of a request and how to write it; the default is null. <paramref name="Sent"/> is called when the answer has
/// been written, for what must come after it.</summary>
readonly record struct RpcResult(object? Value, JsonTypeInfo? Type, Action? Sent = null);
