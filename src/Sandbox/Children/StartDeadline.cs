namespace JobRunner.Sandbox;

/// <summary>Ends the wait for a child that is starting: when its time is over, when it dies, or when nobody wants it any more.</summary>
sealed class StartDeadline : IDisposable
{
    readonly CancellationTokenSource _timeout;
    readonly CancellationTokenSource _linked;

    public StartDeadline(ChildProcess child, TimeSpan timeout, TimeProvider time, CancellationToken cancellationToken)
    {
        _timeout = new CancellationTokenSource(timeout, time);
        _linked = CancellationTokenSource.CreateLinkedTokenSource(_timeout.Token, cancellationToken);
        _ = CancelOnExitAsync(child);
    }

    public CancellationToken Token => _linked.Token;

    public void Dispose()
    {
        _linked.Dispose();
        _timeout.Dispose();
    }

    async Task CancelOnExitAsync(ChildProcess child)
    {
        await child.Exited;
        try
        {
            await _linked.CancelAsync();
        }
        catch (ObjectDisposedException)
        {
            // it had become ready long before
        }
    }
}
