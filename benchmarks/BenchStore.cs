namespace JobRunner.Benchmarks;

/// <summary>The store that a scenario runs on.</summary>
abstract class BenchStore : IAsyncDisposable
{
    public abstract string Name { get; }

    public abstract void Use(JobRunnerBuilder jobs);

    /// <summary>Removes all jobs.</summary>
    public abstract Task ResetAsync();

    /// <summary>Begins to count what is asked of the store; null when it is no server.</summary>
    public abstract Task<DatabaseMeter?> StartMeterAsync(TimeSpan period);

    /// <summary>Looks into the store after the run; throws when a job's history is not complete.</summary>
    public abstract Task<string> VerifyHistoryAsync(int jobs);

    /// <summary>The same after jobs were added: throws when one is not all there.</summary>
    public abstract Task<string> VerifyEnqueuedAsync(int jobs);

    public abstract ValueTask DisposeAsync();
}

sealed class InMemoryBenchStore : BenchStore
{
    public override string Name => "memory";

    public override void Use(JobRunnerBuilder jobs) => jobs.UseInMemory();

    public override Task ResetAsync() => Task.CompletedTask; // each host has a store of its own

    public override Task<DatabaseMeter?> StartMeterAsync(TimeSpan period) => Task.FromResult<DatabaseMeter?>(null);

    public override Task<string> VerifyHistoryAsync(int jobs) => Task.FromResult("every job succeeded");

    public override Task<string> VerifyEnqueuedAsync(int jobs) => Task.FromResult($"all {jobs:N0} jobs are enqueued");

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
