using System.CommandLine;

namespace JobRunner.Benchmarks;

/// <summary>How soon an idle worker begins a new job.</summary>
static class LatencyScenario
{
    const string Notified = "notified";
    const string Polled = "polled";
    const int WarmUpJobs = 50;

    static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);

    public static Command Command()
    {
        var mode = BenchOptions.Choice("--mode", "'notified': our client enqueues; 'polled': SQL does and tells nobody, as Hangfire's client at its defaults", Notified, Polled);
        var jobs = BenchOptions.Jobs(200);
        var pause = BenchOptions.Number("--pause-ms", "How long the worker is left idle before each job, in milliseconds: 0 to twice as long at random", 250);
        var poll = BenchOptions.Number("--poll-ms", "The worker's poll interval, in milliseconds", 500);
        var command = new Command("latency", "From enqueueing (the call's return, and its start) to the first line of the job, on an idle worker") { mode, jobs, pause, poll };
        var store = new StoreChoice(command);
        command.Validators.Add(result =>
        {
            if (result.GetValue(mode) == Polled && result.GetValue<bool>("--in-memory"))
                result.AddError("--mode polled is for PostgreSQL: nobody else writes into a store in memory.");
        });
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var opened = await store.OpenAsync(parsed);
            return await RunAsync(
                opened, parsed.GetValue(mode)!, parsed.GetValue(jobs), TimeSpan.FromMilliseconds(parsed.GetValue(pause)),
                TimeSpan.FromMilliseconds(parsed.GetValue(poll)), cancellationToken);
        });
        return command;
    }

    static async Task<int> RunAsync(BenchStore store, string mode, int jobs, TimeSpan pause, TimeSpan poll, CancellationToken cancellationToken)
    {
        await using var worker = BenchHost.Build(store, options => options.PollInterval = poll);
        await worker.StartAsync(cancellationToken);
        Func<Task> enqueue = () => worker.Client.EnqueueAsync(() => BenchJobs.TouchAsync(), cancellationToken);
        await PickUps.MeasureAsync(enqueue, WarmUpJobs, TimeSpan.Zero, _patience, cancellationToken);
        await worker.Watch.ReachAsync(WarmUpJobs);
        if (mode == Polled)
        {
            var rows = await HangfireRows.LikeNewestAsync(((PostgresBenchStore)store).ConnectionString);
            enqueue = () => rows.AddWaitingAsync(1);
        }

        await using var meter = await Meter.StartAsync(store);
        var pickUps = await PickUps.MeasureAsync(enqueue, jobs, pause, _patience, cancellationToken);
        if (pickUps.Starved)
            throw new InvalidOperationException($"A job was not begun within {_patience.TotalSeconds} s.");
        return await new Report("latency", store).Add("mode", mode).Add("jobs", jobs)
            .Say($"{jobs:N0} jobs began {pickUps.FromReturn.P50:0.00} ms (p50), {pickUps.FromReturn.P99:0.00} ms (p99) after they were committed")
            .Say($"and {pickUps.FromCall.P50:0.00} ms (p50), {pickUps.FromCall.P99:0.00} ms (p99) after the call that enqueued them began")
            .AddLatency("", pickUps.FromReturn).AddLatency("call_", pickUps.FromCall).Add("poll_ms", poll.TotalMilliseconds)
            .AddUsage(await meter.StopAsync())
            .WriteAsync();
    }
}
