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
        var command = new Command("enqueue", "Adding jobs while no worker runs: jobs per second, and how long a call takes") { mode, jobs, callers, batch, runs };
        var store = new StoreChoice(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var opened = await store.OpenAsync(parsed);
            Enqueue enqueue = parsed.GetValue(mode) == Bulk
                ? (client, count) => BulkAsync(client, count, parsed.GetValue(batch), cancellationToken)
                : (client, count) => SingleAsync(client, count, parsed.GetValue(callers), cancellationToken);
            return await RunAsync(opened, parsed.GetValue(mode)!, enqueue, parsed.GetValue(jobs), parsed.GetValue(runs), cancellationToken);
        });
        return command;
    }

    /// <returns>What each call took, in milliseconds.</returns>
    delegate Task<List<double>> Enqueue(IJobClient client, int jobs);

    static async Task<int> RunAsync(BenchStore store, string mode, Enqueue enqueue, int jobs, int runs, CancellationToken cancellationToken)
    {
        var (run, all) = await Runs.RepeatAsync(runs, async () =>
        {
            await store.ResetAsync();
            await MeasureAsync(store, enqueue, WarmUpJobs, cancellationToken);
            await store.ResetAsync();
            return await MeasureAsync(store, enqueue, jobs, cancellationToken);
        }, run => jobs / run.Elapsed.TotalSeconds);
        return await new Report("enqueue", store).Add("mode", mode)
            .AddRate(jobs, run.Elapsed).AddAll(all)
            .Say($"a call takes {run.Calls.P50:0.00} ms (p50), {run.Calls.P99:0.00} ms (p99)").AddLatency("", run.Calls)
            .AddUsage(run.Usage, jobs).Say($"all {jobs:N0} jobs are enqueued")
            .WriteAsync();
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
        var enqueued = (await host.Store.Reader.CountAsync(cancellationToken)).ByState[JobStates.Enqueued];
        return enqueued == jobs
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
