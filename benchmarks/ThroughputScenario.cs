using System.CommandLine;

namespace JobRunner.Benchmarks;

/// <summary>No-op jobs, enqueued beforehand: from the start of the worker to the last commit, with full history.</summary>
static class ThroughputScenario
{
    public static Command Command()
    {
        var jobs = new Option<int>("--jobs") { Description = "How many jobs", DefaultValueFactory = _ => 100_000 };
        var postgres = new Option<string?>("--postgres") { Description = BenchStore.PostgresHelp };
        var inMemory = new Option<bool>("--in-memory") { Description = BenchStore.InMemoryHelp };
        var command = new Command("throughput", "No-op async jobs, enqueued beforehand: jobs per second until all are committed") { jobs, postgres, inMemory };
        command.SetAction((parsed, cancellationToken) =>
            RunAsync(parsed.GetValue(jobs), parsed.GetValue(postgres), parsed.GetValue(inMemory), cancellationToken));
        return command;
    }

    static async Task<int> RunAsync(int jobs, string? postgres, bool inMemory, CancellationToken cancellationToken)
    {
        await using var store = await BenchStore.OpenAsync(postgres, inMemory);
        await using var bench = BenchHost.Build(store, asyncConcurrency: 2000);
        await bench.EnqueueAsync(Enumerable.Range(0, jobs).Select(_ => JobCall.Of(() => BenchJobs.NoOpAsync())), cancellationToken);
        var measured = await bench.RunToEndAsync(jobs, cancellationToken);
        return await Report.WriteAsync("throughput", bench, jobs, measured, await store.VerifyHistoryAsync(jobs));
    }
}
