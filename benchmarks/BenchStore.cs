namespace JobRunner.Benchmarks;

/// <summary>The store that a scenario runs on.</summary>
abstract class BenchStore : IAsyncDisposable
{
    public const string PostgresHelp = "Connection string of a PostgreSQL server; a database of its own is made there. Without it a private server is started";
    public const string InMemoryHelp = "Use the in-memory store";

    public abstract string Name { get; }

    public static async Task<BenchStore> OpenAsync(string? postgres, bool inMemory) =>
        inMemory ? new InMemoryBenchStore() : throw new NotImplementedException();

    public abstract void Use(JobRunnerBuilder jobs);

    /// <summary>Looks into the store after the run; throws when a job's history is not complete.</summary>
    public abstract Task<string> VerifyHistoryAsync(int jobs);

    public virtual ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

sealed class InMemoryBenchStore : BenchStore
{
    public override string Name => "memory";

    public override void Use(JobRunnerBuilder jobs) => jobs.UseInMemory();

    public override Task<string> VerifyHistoryAsync(int jobs) => Task.FromResult("counted in memory");
}
