using System.CommandLine;

namespace JobRunner.Benchmarks;

/// <summary>Jobs that wait, all in flight at once: how long they take together, in how much memory and on how many threads.</summary>
static class IoScenario
{
    public static Command Command()
    {
        var jobs = new Option<int>("--jobs") { Description = "How many jobs", DefaultValueFactory = _ => 10_000 };
        var wait = new Option<int>("--wait-ms") { Description = "How long each waits, in milliseconds", DefaultValueFactory = _ => 1000 };
        var postgres = new Option<string?>("--postgres") { Description = BenchStore.PostgresHelp };
        var inMemory = new Option<bool>("--in-memory") { Description = BenchStore.InMemoryHelp };
        var command = new Command("io", "Jobs that wait, all in flight at once: time, memory and threads") { jobs, wait, postgres, inMemory };
        command.SetAction((parsed, cancellationToken) =>
            RunAsync(parsed.GetValue(jobs), parsed.GetValue(wait), parsed.GetValue(postgres), parsed.GetValue(inMemory), cancellationToken));
        return command;
    }

    static async Task<int> RunAsync(int jobs, int wait, string? postgres, bool inMemory, CancellationToken cancellationToken)
    {
        await using var store = await BenchStore.OpenAsync(postgres, inMemory);
        await using var bench = BenchHost.Build(store, asyncConcurrency: jobs);
        await bench.EnqueueAsync(Enumerable.Range(0, jobs).Select(_ => JobCall.Of(() => BenchJobs.WaitAsync(wait, default))), cancellationToken);
        var measured = await bench.RunToEndAsync(jobs, cancellationToken);
        return await Report.WriteAsync("io", bench, jobs, measured, await store.VerifyHistoryAsync(jobs));
    }
}
