using System.Collections.Concurrent;

namespace JobRunner.Sandbox;

/// <summary>The peer's requests that are being answered, so that it can cancel them.</summary>
sealed class IncomingRequests
{
    readonly ConcurrentDictionary<RpcId, CancellationTokenSource> _running = new();

    /// <summary>Hands a request to the target, on this thread or another; the task ends with the response and never fails.</summary>
    public Task<RpcResponse> Begin(RpcId id, string method, RpcParams parameters, IRpcTarget target, bool mayBlock)
    {
        var cancellation = new CancellationTokenSource();
        if (!_running.TryAdd(id, cancellation))
            throw new RpcConnectionException("A request has the id of another one that is still running.");
        try
        {
            var running = mayBlock
                ? target.OnRequestAsync(method, parameters, cancellation.Token)
                : RunElsewhere(method, parameters.Copy(), target, cancellation.Token);
            return EndAsync(id, running, cancellation);
        }
        catch (Exception e)
        {
            return EndAsync(id, ValueTask.FromException<RpcResult>(e), cancellation);
        }
    }

    public void Cancel(RpcParams parameters)
    {
        if (parameters.Read(WireJson.Default.IncomingCancelParams).ToId() is { } id && _running.TryGetValue(id, out var cancellation))
            Cancel(cancellation);
    }

    public void CancelAll()
    {
        foreach (var cancellation in _running.Values)
            Cancel(cancellation);
    }

    static ValueTask<RpcResult> RunElsewhere(string method, byte[] parameters, IRpcTarget target, CancellationToken cancellationToken) =>
        new(Task.Run(() => target.OnRequestAsync(method, new RpcParams(parameters), cancellationToken).AsTask(), CancellationToken.None));

    // Not by the thread that reads: what the job has registered on its token is the job's code.
    static void Cancel(CancellationTokenSource cancellation) => _ = CancelQuietlyAsync(cancellation);

    static async Task CancelQuietlyAsync(CancellationTokenSource cancellation)
    {
        try
        {
            await cancellation.CancelAsync();
        }
        catch (Exception e) when (e is AggregateException or ObjectDisposedException)
        {
            // a callback of the job threw, or the job has just ended: it is cancelled all the same
        }
    }

    async Task<RpcResponse> EndAsync(RpcId id, ValueTask<RpcResult> running, CancellationTokenSource cancellation)
    {
        try
        {
            return RpcResponse.Of(await running);
        }
        catch (OperationCanceledException e) when (cancellation.IsCancellationRequested)
        {
            return RpcResponse.Of(e, RpcErrorCodes.RequestCanceled);
        }
        catch (RpcException e)
        {
            return new RpcResponse(default, new RpcError(e.Code, e.Message));
        }
        catch (Exception e)
        {
            return RpcResponse.Of(e);
        }
        finally
        {
            _running.TryRemove(id, out _);
        }
    }
}
