using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace JobRunner.Sandbox;

/// <summary>A request of ours that has no answer yet.</summary>
abstract class PendingRequest
{
    public abstract void Answer(in RpcEnvelope response);

    public abstract void Fail(Exception exception);
}

sealed class PendingRequest<T>(JsonTypeInfo<T> type) : PendingRequest where T : class
{
    // What awaits it goes on on the thread that reads the answer.
    readonly TaskCompletionSource<T?> _answered = new();

    public Task<T?> Answered => _answered.Task;

    public override void Answer(in RpcEnvelope response)
    {
        if (response.Error is { } error)
            _answered.TrySetException(error.ToException());
        else if (response.Result.IsEmpty)
            throw new RpcConnectionException("A response has neither a result nor an error.");
        else
            _answered.TrySetResult(JsonSerializer.Deserialize(response.Result, type));
    }

    public override void Fail(Exception exception) => _answered.TrySetException(exception);
}
