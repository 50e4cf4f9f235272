using System.CommandLine;
using System.Text.Json.Nodes;
using JobRunner.Worker;

namespace JobRunner.Benchmarks;

/// <summary>The jobs of the scenario 'io' as Hangfire runs them: each blocks a thread of its own while it waits.</summary>
static class ThreadsScenario
{
    const int DefaultJobs = 2000;
    const int DefaultThreads = 200;

    static readonly JobCall _warmUp = JobCall.Of(() => BenchJobs.NoOp());

    public static Command Command()
    {
        var jobs = BenchOptions.Jobs(DefaultJobs);
        var threads = BenchOptions.Number("--threads", "How many threads, which is how many jobs run at once", DefaultThreads);
        var wait = BenchOptions.Number("--wait-ms", "How long each job blocks its thread, in milliseconds", 1000);
        var command = new Command("threads", "The jobs of 'io' with one blocked thread each, as Hangfire runs them: time from the first claim") { jobs, threads, wait };
        var store = new StoreChoice(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var opened = await store.OpenAsync(parsed);
            return await RunAsync(opened, parsed.GetValue(jobs), parsed.GetValue(threads), parsed.GetValue(wait), cancellationToken);
        });
        return command;
    }

    /// <summary>Adds what the jobs of 'io' would take this way.</summary>
    public static async Task AddBaselineAsync(Report report, BenchStore store, int ioJobs, int wait, CancellationToken cancellationToken)
    {
        var drain = await MeasureAsync(store, DefaultJobs, DefaultThreads, wait, cancellationToken);
        var rate = DefaultJobs / drain.FromFirstClaim.TotalSeconds;
        report.Say($"with {DefaultThreads} blocked threads: {rate:N0} jobs/s, so {ioJobs / rate:0.0} s for as many, with {drain.Usage.Threads} threads");
        report.Add("with_threads", new JsonObject
        {
            ["jobs"] = DefaultJobs,
            ["per_second"] = Math.Round(rate, 1),
            ["seconds_for_as_many"] = Math.Round(ioJobs / rate, 1),
            ["rss_mib"] = Math.Round(drain.Usage.RssMiB, 1),
            ["threads"] = drain.Usage.Threads,
        });
    }

    static async Task<int> RunAsync(BenchStore store, int jobs, int threads, int wait, CancellationToken cancellationToken)
    {
        var drain = await MeasureAsync(store, jobs, threads, wait, cancellationToken);
        var for10000 = 10_000 / (jobs / drain.FromFirstClaim.TotalSeconds);
        return await new Report("threads", store)
            .AddRate(jobs, drain.FromFirstClaim)
            .Say($"10,000 jobs would take {for10000:0.0} s at this rate").Add("seconds_for_10000", for10000)
            .AddUsage(drain.Usage, jobs).Say($"{await store.VerifyHistoryAsync(jobs)}")
            .WriteAsync();
    }

    static Task<Drain> MeasureAsync(BenchStore store, int jobs, int threads, int wait, CancellationToken cancellationToken) =>
        Drain.WarmedAsync(store, () => BenchHost.Build(store, options =>
        {
            options.SynchronousLane = LaneKind.Thread;
            options.ThreadConcurrency = threads;
        }), _warmUp, JobCall.Of(() => BenchJobs.Block(wait)), jobs, cancellationToken);
}
