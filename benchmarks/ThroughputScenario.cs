using System.CommandLine;

namespace JobRunner.Benchmarks;

/// <summary>No-op jobs, enqueued beforehand: from the start of the worker to the last commit, with full history.</summary>
static class ThroughputScenario
{
    static readonly JobCall _call = JobCall.Of(() => BenchJobs.NoOpAsync());

    public static Command Command()
    {
        var jobs = BenchOptions.Jobs(100_000);
        var runs = BenchOptions.Runs();
        var command = new Command("throughput", "No-op async jobs, enqueued beforehand: jobs per second until all are committed, with full history") { jobs, runs };
        var store = new StoreChoice(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var opened = await store.OpenAsync(parsed);
            return await RunAsync(opened, parsed.GetValue(jobs), parsed.GetValue(runs), cancellationToken);
        });
        return command;
    }

    public static BenchHost Build(BenchStore store) => BenchHost.Build(store, options => options.AsyncConcurrency = 2000);

    static async Task<int> RunAsync(BenchStore store, int jobs, int runs, CancellationToken cancellationToken)
    {
        var verified = "";
        var (drain, all) = await Runs.RepeatAsync(runs, async () =>
        {
            var drain = await Drain.WarmedAsync(store, () => Build(store), _call, _call, jobs, cancellationToken);
            verified = await store.VerifyHistoryAsync(jobs);
            return drain;
        }, drain => drain.PerSecond);
        return await new Report("throughput", store)
            .AddRate(jobs, drain.FromStart).AddAll(all).AddUsage(drain.Usage, jobs).Say($"{verified}")
            .WriteAsync();
    }
}
