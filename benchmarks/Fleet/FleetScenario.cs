using System.CommandLine;

namespace JobRunner.Benchmarks;

/// <summary>Many workers over one database: what they cost when nothing happens, and what they do to each other when jobs come
/// one by one.</summary>
static class FleetScenario
{
    const int ConnectionsOfWorker = 13; // 10 in its pool, 2 for signs of life, 1 that listens
    const int OtherConnections = 50;

    public static Command Command()
    {
        var workers = BenchOptions.Number("--workers", "How many workers, each with a host and connections of its own in this process", 100);
        var rate = BenchOptions.Number("--rate", "How many jobs a second are enqueued, each by a call of its own", 1000);
        var seconds = BenchOptions.Number("--seconds", "How long the load lasts", 20);
        var idle = BenchOptions.Number("--idle-seconds", "For how long the fleet is measured at rest, and how long it is left to settle before", 5);
        var pgBouncer = new Option<bool>("--pgbouncer") { Description = "Through a private PgBouncer in transaction mode; 'connections' are its own to the server then" };
        var serverConnections = BenchOptions.Number("--server-connections", "With --pgbouncer, how many connections to the server it makes at most", 20);
        var postgres = BenchOptions.Postgres();
        var command = new Command("fleet", "Many workers over one database, at rest and with single enqueues; the same with one worker before, and the ratios")
        {
            workers, rate, seconds, idle, pgBouncer, serverConnections, postgres,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(pgBouncer) && result.GetResult(postgres) is not null)
                result.AddError("--pgbouncer and --postgres exclude each other: the pooler logs in to its private server without a password.");
        });
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var connections = (parsed.GetValue(workers) * ConnectionsOfWorker) + OtherConnections;
            await using var store = await PostgresBenchStore.OpenAsync(parsed.GetValue(postgres), connections);
            if (parsed.GetValue(pgBouncer))
                await store.UsePgBouncerAsync(parsed.GetValue(serverConnections), connections);
            var report = new Report("fleet", store)
                .Add("workers", parsed.GetValue(workers)).Add("rate", parsed.GetValue(rate)).Add("pgbouncer", parsed.GetValue(pgBouncer));
            return await RunAsync(report, parsed.GetValue(workers), count => FleetRun.MeasureAsync(
                store, count, parsed.GetValue(rate), TimeSpan.FromSeconds(parsed.GetValue(seconds)),
                TimeSpan.FromSeconds(parsed.GetValue(idle)), cancellationToken));
        });
        return command;
    }

    static async Task<int> RunAsync(Report report, int workers, Func<int, Task<FleetRun>> measure)
    {
        var one = await measure(1);
        var all = await measure(workers);
        one.AddTo(report, "one worker", "one_");
        all.AddTo(report, $"{workers} workers", "");
        var (rate, p99, statements) = (all.PerSecond / one.PerSecond, all.PickUps.P99 / one.PickUps.P99, all.StatementsPerJob / one.StatementsPerJob);
        return await report
            .Say($"{workers} workers to one: {rate:0.00} of its rate, {p99:0.0} times its p99, {statements:0.0} times its statements a job")
            .Add("ratio", rate, 3).Add("p99_ratio", p99, 2).Add("statements_ratio", statements, 2)
            .AddUsage(all.Load)
            .WriteAsync();
    }
}
