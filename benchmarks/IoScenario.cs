using System.CommandLine;

namespace JobRunner.Benchmarks;

/// <summary>Jobs that wait, all in flight at once: how long they take together, in how much memory and on how many threads.</summary>
static class IoScenario
{
    static readonly JobCall _warmUp = JobCall.Of(() => BenchJobs.NoOpAsync());

    public static Command Command()
    {
        var jobs = BenchOptions.Jobs(10_000);
        var wait = BenchOptions.Number("--wait-ms", "How long each waits, in milliseconds", 1000);
        var runs = BenchOptions.Runs();
        var withThreads = new Option<bool>("--with-threads") { Description = "Run the scenario 'threads' beside it, with its defaults and the same wait" };
        var command = new Command("io", "Jobs that wait, all in flight at once: time from the first claim, memory and threads") { jobs, wait, runs, withThreads };
        var store = new StoreChoice(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var opened = await store.OpenAsync(parsed);
            var report = await RunAsync(opened, parsed.GetValue(jobs), parsed.GetValue(wait), parsed.GetValue(runs), cancellationToken);
            if (parsed.GetValue(withThreads))
                await ThreadsScenario.AddBaselineAsync(report, opened, parsed.GetValue(jobs), parsed.GetValue(wait), cancellationToken);
            return await report.WriteAsync();
        });
        return command;
    }

    static async Task<Report> RunAsync(BenchStore store, int jobs, int wait, int runs, CancellationToken cancellationToken)
    {
        var call = JobCall.Of(() => BenchJobs.WaitAsync(wait, default));
        var verified = "";
        var (drain, all) = await Runs.RepeatAsync(runs, async () =>
        {
            var drain = await Drain.WarmedAsync(
                store, () => BenchHost.Build(store, options => options.AsyncConcurrency = jobs), _warmUp, call, jobs, cancellationToken);
            verified = await store.VerifyHistoryAsync(jobs);
            return drain;
        }, drain => jobs / drain.FromFirstClaim.TotalSeconds);
        return new Report("io", store)
            .AddRate(jobs, drain.FromFirstClaim).AddAll(all).AddUsage(drain.Usage, jobs).Say($"{verified}");
    }
}
