namespace JobRunner.Benchmarks;

/// <summary>The jobs that are measured.</summary>
public static class BenchJobs
{
    static int _ended;

    /// <summary>How many have ended in this process: asking the store all the time would be a part of what is measured.</summary>
    public static int Ended => Volatile.Read(ref _ended);

    public static Task NoOpAsync()
    {
        Interlocked.Increment(ref _ended);
        return Task.CompletedTask;
    }

    public static async Task WaitAsync(int milliseconds, CancellationToken cancellationToken)
    {
        await Task.Delay(TimeSpan.FromMilliseconds(milliseconds), TimeProvider.System, cancellationToken);
        Interlocked.Increment(ref _ended);
    }
}
