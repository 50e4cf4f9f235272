namespace JobRunner.Sandbox.Tests;

/// <summary>Answers <c>echo</c>, fails at <c>fail</c>, and with a hundred causes at <c>fail deeply</c>, waits for its cancellation at <c>wait</c>, blocks at <c>block</c> until it is notified; keeps notifications.</summary>
sealed class ScriptedTarget : IRpcTarget
{
    public TaskCompletionSource<(string Method, LogParams Line)> Notified { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ValueTask<RpcResult> OnRequestAsync(string method, RpcParams parameters, CancellationToken cancellationToken) => method switch
    {
        "echo" => new(new RpcResult(parameters.Read(WireJson.Default.LogParams), WireJson.Default.LogParams)),
        "fail" => throw new InvalidOperationException("it failed", new ArgumentException("the cause")),
        "fail deeply" => throw Enumerable.Range(0, 100).Aggregate(new InvalidOperationException("the cause"), (cause, i) => new InvalidOperationException($"level {i}", cause)),
        "wait" => WaitAsync(cancellationToken),
        "block" => Block(),
        _ => throw new RpcException(RpcErrorCodes.MethodNotFound, "no such method"),
    };

    public void OnNotification(string method, RpcParams parameters) =>
        Notified.TrySetResult((method, parameters.Read(WireJson.Default.LogParams)));

    ValueTask<RpcResult> Block()
    {
        Notified.Task.GetAwaiter().GetResult();
        return new(new RpcResult(new Done(), WireJson.Default.Done));
    }

    static async ValueTask<RpcResult> WaitAsync(CancellationToken cancellationToken)
    {
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
        return default;
    }
}
