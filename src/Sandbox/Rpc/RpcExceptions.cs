namespace JobRunner.Sandbox;

/// <summary>The peer answered a request with an error.</summary>
sealed class RpcException(int code, string message, RpcErrorData? data = null) : Exception(message)
{
    public int Code => code;

    public new RpcErrorData? Data => data;
}

/// <summary>The connection is of no more use: it ended, or the peer sent what is not JSON-RPC.</summary>
sealed class RpcConnectionException(string message, Exception? cause = null) : Exception(message, cause);

/// <summary>A message of ours is larger than the peer would accept. Nothing of it was sent: the connection goes on.</summary>
sealed class RpcMessageTooLargeException(long bytes, long limit)
    : Exception($"The message has {bytes:N0} bytes; at most {limit:N0} can be sent between a worker and its sandbox. "
        + "Pass a reference (a path, a key) instead of the data.");
