namespace JobRunner.TestSupport;

enum ProxyModeKind
{
    Pass,
    Delay,
    Refuse,
    BlackHole,
}

/// <summary>What a proxy does with bytes, until it is told otherwise.</summary>
sealed record ProxyMode(ProxyModeKind Kind, TimeSpan Delay = default)
{
    readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Ended => _ended.Task;

    public void End() => _ended.TrySetResult();
}
