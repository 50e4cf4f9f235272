using System.CommandLine;
using System.Data;
using JobRunner.TestSupport;
using Npgsql;

namespace JobRunner.Benchmarks;

/// <summary>A transaction elsewhere holds a snapshot, so that no dead row can be removed: what that does to the throughput.</summary>
static class BloatScenario
{
    static readonly JobCall _call = JobCall.Of(() => BenchJobs.NoOpAsync());

    public static Command Command()
    {
        var seconds = BenchOptions.Number("--seconds", "How long the load lasts", 120);
        var rate = BenchOptions.Number("--rate", "How many jobs a second the load has", 1000);
        var jobs = BenchOptions.Number("--jobs", "How many jobs are drained before the load, and again after it", 30_000);
        var postgres = BenchOptions.Postgres();
        var command = new Command("bloat", "A snapshot is held elsewhere during a steady load: throughput before and after, its ratio, and pick-up times during the load") { seconds, rate, jobs, postgres };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var store = await PostgresBenchStore.OpenAsync(parsed.GetValue(postgres));
            return await RunAsync(
                store, TimeSpan.FromSeconds(parsed.GetValue(seconds)), parsed.GetValue(rate), parsed.GetValue(jobs), cancellationToken);
        });
        return command;
    }

    static async Task<int> RunAsync(PostgresBenchStore store, TimeSpan length, int rate, int jobs, CancellationToken cancellationToken)
    {
        var clean = await Drain.WarmedAsync(store, () => ThroughputScenario.Build(store), _call, _call, jobs, cancellationToken);

        await using var elsewhere = new NpgsqlConnection(store.ConnectionString);
        await elsewhere.OpenAsync(cancellationToken);
        await using var transaction = await elsewhere.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
        await using var look = new NpgsqlCommand("select count(*) from hangfire.job where statename = 'Enqueued'", elsewhere, transaction);
        await look.ExecuteScalarAsync(cancellationToken);

        var load = await LoadAsync(store, length, rate, cancellationToken);
        var dead = await Sql.ScalarAsync(store.ConnectionString, "select sum(n_dead_tup)::bigint from pg_stat_user_tables where schemaname = 'hangfire'");
        var bloated = await Drain.RunAsync(store, () => ThroughputScenario.Build(store), _call, jobs, cancellationToken);
        if ((long)(await look.ExecuteScalarAsync(cancellationToken))! != 0)
            throw new InvalidOperationException("The snapshot was not held to the end.");

        var ratio = clean.FromStart / bloated.FromStart;
        return await new Report("bloat", store).Add("rate", rate)
            .Say($"before, {jobs:N0} jobs took {clean.FromStart.TotalSeconds:0.000} s: {clean.PerSecond:N0} jobs/s").Add("before_per_second", clean.PerSecond)
            .Say($"{load.Jobs:N0} jobs at {rate:N0}/s began after {load.PickUps.P50:0.00} ms (p50), {load.PickUps.P99:0.00} ms (p99)").Add("load_jobs", load.Jobs)
            .AddLatency("", load.PickUps)
            .Say($"in the last tenth of them after {load.Last.P50:0.00} ms (p50), {load.Last.P99:0.00} ms (p99)").AddLatency("last_", load.Last)
            .Say($"then, with {dead:N0} dead rows and the snapshot still held:").Add("dead_rows", (long)dead!)
            .AddRate(jobs, bloated.FromStart).Add("ratio", ratio, 3).Say($"{ratio:0.00} of the rate before")
            .AddUsage(bloated.Usage, jobs).Say($"{await store.VerifyHistoryAsync((2 * jobs) + load.Jobs)}")
            .WriteAsync();
    }

    static async Task<(int Jobs, Percentiles PickUps, Percentiles Last)> LoadAsync(
        BenchStore store, TimeSpan length, int rate, CancellationToken cancellationToken)
    {
        await using var worker = ThroughputScenario.Build(store);
        await worker.StartAsync(cancellationToken);
        var jobs = await new SteadyLoad(worker.Client, rate).RunAsync(length, cancellationToken);
        await worker.Watch.ReachAsync(jobs).WaitAsync(cancellationToken);
        var pickUps = BenchJobs.TakePickUps();
        return (jobs, new(pickUps), new(pickUps.Skip(pickUps.Count * 9 / 10)));
    }
}
