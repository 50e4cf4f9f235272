namespace JobRunner.TestSupport;

/// <summary>Jobs whose instances throw when they are disposed.</summary>
[Retry(Attempts = 0)]
public sealed class ThrowsInDispose : IDisposable
{
    public Task RunAsync(bool fails) => fails ? throw new InvalidOperationException("the job's own") : Task.CompletedTask;

    [InProcess]
    public void RunHere(bool fails) => RunAsync(fails);

    public void RunInASandbox(bool fails) => RunAsync(fails);

    public void Dispose() => throw new InvalidOperationException("from Dispose");
}

/// <inheritdoc cref="ThrowsInDispose"/>
[Retry(Attempts = 0)]
public sealed class ThrowsInDisposeAsync : IAsyncDisposable
{
    public Task RunAsync(bool fails) => fails ? throw new InvalidOperationException("the job's own") : Task.CompletedTask;

    [InProcess]
    public void RunHere(bool fails) => RunAsync(fails);

    public void RunInASandbox(bool fails) => RunAsync(fails);

    public async ValueTask DisposeAsync()
    {
        await Task.Yield();
        throw new InvalidOperationException("from DisposeAsync");
    }
}

/// <summary>A job that the container makes and disposes, and that needs something which throws as well.</summary>
[Retry(Attempts = 0)]
public sealed class NeedsThrowsInDispose(ThrowsInDispose needed)
{
    public Task RunAsync(bool fails) => needed.RunAsync(fails);

    [InProcess]
    public void RunHere(bool fails) => needed.RunHere(fails);
}
