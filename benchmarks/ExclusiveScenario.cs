using System.CommandLine;
using JobRunner.Storage;

namespace JobRunner.Benchmarks;

/// <summary>Jobs that wait for a resource which somebody keeps: what they cost, and how soon the jobs behind them begin.</summary>
static class ExclusiveScenario
{
    const string Taken = "taken";
    const string Free = "free";

    // As a Hangfire server holds it: for ten minutes, without a sign of life.
    static readonly ResourceLock _taken = new($"exclusive-{Taken}", 1);
    static readonly ResourceLock _takenAlone = new("exclusive-one", 1);
    static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);
    static readonly TimeSpan _look = TimeSpan.FromMilliseconds(20);

    public static Command Command()
    {
        var waiting = BenchOptions.Number("--waiting", "How many jobs wait for one resource, in front of all others", 20_000);
        var jobs = BenchOptions.Number("--jobs", "How many ordinary jobs stand behind them", 1000);
        var others = BenchOptions.Number("--others", "How many jobs of one free resource stand behind these", 20);
        var workers = BenchOptions.Number("--workers", "How many workers, in this process", 1);
        var seconds = BenchOptions.Number("--seconds", "For how long to count statements, when only those are left that wait", 10);
        var keys = BenchOptions.Choice("--keys", "Whether the resource follows from an argument ('many': one method has many resources) or is the method's ('one')", "many", "one");
        var postgres = BenchOptions.Postgres();
        var command = new Command("exclusive", "Jobs behind many that wait for one resource: their pick-up from the workers' start, and what the waiting costs")
        {
            waiting, jobs, others, workers, seconds, keys, postgres,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var store = await PostgresBenchStore.OpenAsync(parsed.GetValue(postgres));
            return await RunAsync(store, parsed.GetValue(waiting), parsed.GetValue(jobs), parsed.GetValue(others), parsed.GetValue(workers),
                TimeSpan.FromSeconds(parsed.GetValue(seconds)), parsed.GetValue(keys) == "one", cancellationToken);
        });
        return command;
    }

    static async Task<int> RunAsync(
        PostgresBenchStore store, int waiting, int jobs, int others, int workers, TimeSpan length, bool alone, CancellationToken cancellationToken)
    {
        var time = TimeProvider.System;
        await using var client = BenchHost.Build(store);
        await client.Store.InitializeAsync(cancellationToken);
        await client.Store.Locks.AcquireAsync([_taken, _takenAlone], TimeSpan.FromHours(1), null, cancellationToken);
        var added = time.GetTimestamp();
        await Drain.EnqueueAsync(client.Client, alone ? JobCall.Of(() => BenchJobs.ExclusiveAsync(added)) : JobCall.Of(() => BenchJobs.ExclusiveAsync(Taken, added)), waiting, cancellationToken);
        await Drain.EnqueueAsync(client.Client, JobCall.Of(() => BenchJobs.TellPickUpAsync(added)), jobs, cancellationToken);
        await Drain.EnqueueAsync(client.Client, JobCall.Of(() => BenchJobs.ExclusiveAsync(Free, added)), others, cancellationToken);

        await using var meter = await Meter.StartAsync(store);
        var started = time.GetTimestamp();
        await using var fleet = await WorkerFleet.StartAsync(store, workers, cancellationToken);
        var enqueued = time.GetElapsedTime(added, started).TotalMilliseconds;
        var ordinary = await PickUpsAsync(BenchJobs.TakePickUps, jobs, enqueued, cancellationToken);
        var free = await PickUpsAsync(BenchJobs.TakeExclusive, others, enqueued, cancellationToken);
        var until = time.GetElapsedTime(started).TotalSeconds;
        var beginning = await meter.StopAsync();

        await using var resting = await Meter.StartAsync(store);
        var rested = time.GetTimestamp();
        await Task.Delay(length, time, cancellationToken);
        var rest = await resting.StopAsync();
        var seconds = time.GetElapsedTime(rested).TotalSeconds;
        var report = new Report("exclusive", store).Add("waiting", waiting).Add("workers", workers).Add("keys", alone ? "one" : "many")
            .Say($"{ordinary.Count} of {jobs} ordinary jobs began").Add("jobs", ordinary.Count)
            .Say($"{free.Count} of {others} jobs of the free resource began").Add("others", free.Count);
        if (ordinary.Count > 0)
            report.AddLatency("", new(ordinary));
        if (free.Count > 0)
            report.AddLatency("others_", new(free));
        return await report
            .Say($"meanwhile {beginning.Database!.Statements / until:0} statements/s").Add("statements_per_second", beginning.Database.Statements / until)
            .Say($"at rest {rest.Database!.Statements / seconds:0.0} statements/s, {rest.Database.WalBytes / seconds:N0} bytes of WAL a second")
            .Add("rest_statements_per_second", rest.Database.Statements / seconds).Add("rest_wal_bytes_per_second", rest.Database.WalBytes / seconds, 0)
            .Add("rest_cpu_ms_per_second", rest.Cpu.TotalMilliseconds / seconds).Add("rest_server_cpu_ms_per_second", rest.Database.Cpu?.TotalMilliseconds / seconds)
            .AddUsage(rest)
            .WriteAsync();
    }

    // What has not come when the time is over is missing in the list.
    static async Task<List<double>> PickUpsAsync(Func<IReadOnlyList<double>> take, int count, double enqueued, CancellationToken cancellationToken)
    {
        var time = TimeProvider.System;
        var began = time.GetTimestamp();
        var seen = new List<double>();
        while (seen.Count < count && time.GetElapsedTime(began) < _patience)
        {
            seen.AddRange(take().Select(elapsed => elapsed - enqueued));
            await Task.Delay(_look, time, cancellationToken);
        }

        return seen;
    }
}
