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
        var noLimit = BenchOptions.NoLimit();
        var busy = BenchOptions.Busy();
        var history = BenchOptions.History();
        var command = new Command("throughput", "No-op async jobs, enqueued beforehand: jobs per second until all are committed, with full history") { jobs, runs, noLimit, busy, history };
        var store = new StoreChoice(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var opened = await store.OpenAsync(parsed);
            await using var burning = BusyProcessors.Start(parsed.GetValue(busy));
            var report = new Report("throughput", opened).Add("busy", parsed.GetValue(busy)).Add("history", parsed.GetValue(history));
            if (opened is PostgresBenchStore postgres)
                postgres.KeepsHistory = parsed.GetValue(history);
            return await RunAsync(report, opened, parsed.GetValue(jobs), parsed.GetValue(runs), !parsed.GetValue(noLimit), cancellationToken);
        });
        return command;
    }

    public static BenchHost Build(BenchStore store) => BenchHost.Build(store, options => options.AsyncConcurrency = 2000);

    static async Task<int> RunAsync(Report report, BenchStore store, int jobs, int runs, bool withLimit, CancellationToken cancellationToken)
    {
        var verified = "";
        var pairs = new LimitPairs(
            withLimit && store is PostgresBenchStore postgres ? () => BarePump.WarmedAsync(postgres, _call, jobs, cancellationToken) : null);
        var (drain, all) = await Runs.RepeatAsync(runs, () => pairs.RunAsync(async () =>
        {
            var drain = await Drain.WarmedAsync(store, () => Build(store), _call, _call, jobs, cancellationToken);
            verified = await store.VerifyHistoryAsync(jobs);
            return drain;
        }, drain => drain.PerSecond), drain => drain.PerSecond);
        report.AddRate(jobs, drain.FromStart).AddAll(all).AddUsage(drain.Usage, jobs).Say($"{verified}");
        return await pairs.AddTo(report).WriteAsync();
    }
}
