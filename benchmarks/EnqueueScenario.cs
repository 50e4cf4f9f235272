using System.CommandLine;

namespace JobRunner.Benchmarks;

/// <summary>Adding jobs, while no worker runs: many in one call, or one a call from concurrent callers.</summary>
static class EnqueueScenario
{
    const string Bulk = "bulk";
    const string Single = "single";
    const int WarmUpJobs = 2000;

    public static Command Command()
    {
        var mode = BenchOptions.Choice("--mode", "'bulk' adds batches, one after the other; 'single' makes a call for each job, from many callers", Bulk, Single);
        var jobs = BenchOptions.Jobs(100_000);
        var callers = BenchOptions.Number("--callers", "In mode 'single', how many callers at once", 64);
        var batch = BenchOptions.Number("--batch", "In mode 'bulk', how many jobs in a call", 5000);
        var runs = BenchOptions.Runs();
        var noLimit = BenchOptions.NoLimit();
        var busy = BenchOptions.Busy();
        var command = new Command("enqueue", "Adding jobs while no worker runs: jobs per second, and how long a call takes")
        {
            mode, jobs, callers, batch, runs, noLimit, busy,
        };
        var store = new StoreChoice(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var opened = await store.OpenAsync(parsed);
            await using var burning = BusyProcessors.Start(parsed.GetValue(busy));
            var isBulk = parsed.GetValue(mode) == Bulk;
            Enqueue enqueue = isBulk
                ? (client, count) => BulkAsync(client, count, parsed.GetValue(batch), cancellationToken)
                : (client, count) => SingleAsync(client, count, parsed.GetValue(callers), cancellationToken);
            var count = parsed.GetValue(jobs);
            var pairs = new LimitPairs(!parsed.GetValue(noLimit) && opened is PostgresBenchStore postgres
                ? () => BareEnqueue.WarmedAsync(postgres, count, parsed.GetValue(isBulk ? batch : callers), cancellationToken)
                : null);
            var report = new Report("enqueue", opened).Add("mode", parsed.GetValue(mode)).Add("busy", parsed.GetValue(busy));
            return await RunAsync(report, opened, enqueue, count, parsed.GetValue(runs), pairs, cancellationToken);
        });
        return command;
    }

    /// <returns>What each call took, in milliseconds.</returns>
    delegate Task<List<double>> Enqueue(IJobClient client, int jobs);

    static async Task<int> RunAsync(
        Report report, BenchStore store, Enqueue enqueue, int jobs, int runs, LimitPairs pairs, CancellationToken cancellationToken)
    {
        var verified = "";
        var (run, all) = await Runs.RepeatAsync(runs, () => pairs.RunAsync(async () =>
        {
            await store.ResetAsync();
            await MeasureAsync(store, enqueue, WarmUpJobs, cancellationToken);
            await store.ResetAsync();
            var run = await MeasureAsync(store, enqueue, jobs, cancellationToken);
            verified = await store.VerifyEnqueuedAsync(jobs);
            return run;
        }, run => jobs / run.Elapsed.TotalSeconds), run => jobs / run.Elapsed.TotalSeconds);
        report
            .AddRate(jobs, run.Elapsed).AddAll(all)
            .Say($"a call takes {run.Calls.P50:0.00} ms (p50), {run.Calls.P99:0.00} ms (p99)").AddLatency("", run.Calls)
            .AddUsage(run.Usage, jobs).Say($"{verified}");
        return await pairs.AddTo(report).WriteAsync();
    }

    static async Task<(TimeSpan Elapsed, Percentiles Calls, Usage Usage)> MeasureAsync(
        BenchStore store, Enqueue enqueue, int jobs, CancellationToken cancellationToken)
    {
        await using var host = BenchHost.Build(store);
        await host.Store.InitializeAsync(cancellationToken);
        await using var meter = await Meter.StartAsync(store);
        var started = TimeProvider.System.GetTimestamp();
        var calls = await enqueue(host.Client, jobs);
        var elapsed = TimeProvider.System.GetElapsedTime(started);
        var usage = await meter.StopAsync();
        var counts = await host.Store.Reader.CountAsync(cancellationToken);
        var enqueued = counts.ByState[JobStates.Enqueued];
        return enqueued == jobs || counts.Estimated.Contains(JobStates.Enqueued) // all are looked at in the end
            ? (elapsed, new Percentiles(calls), usage)
            : throw new InvalidOperationException($"{enqueued} of {jobs} jobs are enqueued.");
    }

    static async Task<List<double>> BulkAsync(IJobClient client, int jobs, int batch, CancellationToken cancellationToken)
    {
        var calls = new List<double>();
        for (var left = jobs; left > 0; left -= batch)
        {
            var some = Enumerable.Range(0, Math.Min(left, batch)).Select(_ => JobCall.Of(() => BenchJobs.NoOpAsync()));
            calls.Add(await TimeAsync(() => client.EnqueueManyAsync(some, cancellationToken)));
        }

        return calls;
    }

    static async Task<List<double>> SingleAsync(IJobClient client, int jobs, int callers, CancellationToken cancellationToken)
    {
        var left = jobs;
        var calls = await Task.WhenAll(Enumerable.Range(0, callers).Select(_ => Task.Run(CallAsync, cancellationToken)));
        return [.. calls.SelectMany(some => some)];

        async Task<List<double>> CallAsync()
        {
            var mine = new List<double>(jobs / callers * 2);
            while (Interlocked.Decrement(ref left) >= 0)
                mine.Add(await TimeAsync(() => client.EnqueueAsync(() => BenchJobs.NoOpAsync(), cancellationToken)));
            return mine;
        }
    }

    static async Task<double> TimeAsync(Func<Task> call)
    {
        var started = TimeProvider.System.GetTimestamp();
        await call();
        return TimeProvider.System.GetElapsedTime(started).TotalMilliseconds;
    }
}
