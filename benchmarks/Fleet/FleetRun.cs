namespace JobRunner.Benchmarks;

/// <summary>What a fleet asks of the server while nothing happens, and what it does with a steady load.</summary>
sealed record FleetRun(double IdleSeconds, Usage Idle, int Jobs, TimeSpan Elapsed, Percentiles PickUps, int EmptyClaims, Usage Load)
{
    static readonly TimeSpan _patience = TimeSpan.FromMinutes(5);

    public double PerSecond => Jobs / Elapsed.TotalSeconds;

    public double? IdleStatementsPerSecond => Idle.Database!.Statements / IdleSeconds;

    public double? StatementsPerJob => (double?)Load.Database!.Statements / Jobs;

    public double EmptyClaimsPerJob => (double)EmptyClaims / Jobs;

    /// <param name="store">Where the jobs are; its tables are emptied before.</param>
    /// <param name="workers">How many.</param>
    /// <param name="rate">How many jobs a second.</param>
    /// <param name="length">How long the load lasts. A tenth of it comes before, and is not measured: code is compiled then.</param>
    /// <param name="idle">How long the fleet is left alone, once to settle and once to be measured.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<FleetRun> MeasureAsync(
        BenchStore store, int workers, int rate, TimeSpan length, TimeSpan idle, CancellationToken cancellationToken)
    {
        var time = TimeProvider.System;
        await store.ResetAsync();
        await using var fleet = await WorkerFleet.StartAsync(store, workers, cancellationToken);
        var load = new SingleLoad(fleet.Client, rate);
        var before = await load.RunAsync(length / 10, cancellationToken);
        await fleet.Watch.ReachAsync(before).WaitAsync(_patience, cancellationToken);
        await Task.Delay(idle, time, cancellationToken);

        await using var quiet = await Meter.StartAsync(store, quiet: true);
        var began = time.GetTimestamp();
        await Task.Delay(idle, time, cancellationToken);
        var atRest = await quiet.StopAsync();
        var idleSeconds = time.GetElapsedTime(began).TotalSeconds;

        BenchJobs.TakePickUps();
        var empty = fleet.Watch.EmptyClaims;
        await using var meter = await Meter.StartAsync(store);
        var started = time.GetTimestamp();
        var jobs = await load.RunAsync(length, cancellationToken);
        var ended = await fleet.Watch.ReachAsync(before + jobs).WaitAsync(_patience, cancellationToken);
        return new(
            idleSeconds, atRest, jobs, time.GetElapsedTime(started, ended), new(BenchJobs.TakePickUps()),
            fleet.Watch.EmptyClaims - empty, await meter.StopAsync());
    }

    /// <param name="report">Where to.</param>
    /// <param name="who">Who it was, for people.</param>
    /// <param name="prefix">Of the keys.</param>
    public void AddTo(Report report, string who, string prefix) => report
        .Say($"{who}: at rest {IdleStatementsPerSecond:0.0} statements/s and {Idle.Database!.Connections} connections")
        .Add(prefix + "idle_statements_per_second", IdleStatementsPerSecond, 2)
        .Add(prefix + "idle_connections", Idle.Database!.Connections)
        .Add(prefix + "idle_server_cpu_ms_per_second", Idle.Database!.Cpu?.TotalMilliseconds / IdleSeconds, 2)
        .Say($"{who}: {Jobs:N0} jobs at {PerSecond:N0}/s, begun {PickUps.P50:0.00} ms (p50), {PickUps.P99:0.00} ms (p99) after the calls that enqueued them")
        .Add(prefix + "jobs", Jobs).Add(prefix + "per_second", PerSecond).AddLatency(prefix, PickUps)
        .Say($"{who}: {EmptyClaimsPerJob:0.00} claims in vain and {StatementsPerJob:0.00} statements a job, {Load.Database!.Cpu?.TotalMicroseconds / Jobs:N0} µs of the server's processors, at most {Load.Database!.Connections} connections")
        .Add(prefix + "empty_claims_per_job", EmptyClaimsPerJob, 3).Add(prefix + "statements_per_job", StatementsPerJob, 3)
        .Add(prefix + "cpu_us_per_job", Load.Cpu.TotalMicroseconds / Jobs)
        .Add(prefix + "server_cpu_us_per_job", Load.Database!.Cpu?.TotalMicroseconds / Jobs)
        .Add(prefix + "connections", Load.Database!.Connections);
}
