namespace JobRunner.Benchmarks;

/// <summary>The jobs that are measured.</summary>
public static class BenchJobs
{
    public static Task NoOpAsync() => Task.CompletedTask;

    public static Task WaitAsync(int milliseconds, CancellationToken cancellationToken) =>
        Task.Delay(TimeSpan.FromMilliseconds(milliseconds), TimeProvider.System, cancellationToken);
}
