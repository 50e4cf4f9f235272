using System.CommandLine;

namespace JobRunner.Benchmarks;

/// <summary>What a store's operations cost when much is in its tables, compared to a database in which nothing else is.</summary>
static class ScaleScenario
{
    const int Discarded = 10; // the first ones, in which statements are prepared

    public static Command Command()
    {
        var finished = BenchOptions.Number("--finished", "How many jobs have succeeded", 0, least: 0);
        var waiting = BenchOptions.Number("--waiting", "How many jobs wait, over all queues", 0, least: 0);
        var queues = BenchOptions.Number("--queues", "How many queues are served, in strict order", 1);
        var recurring = BenchOptions.Number("--recurring", "How many recurring jobs there are: every other one is due, and of a type that nobody here has", 0, least: 0);
        var payload = BenchOptions.Number("--payload", "The length of each job's argument in bytes, 0 for none", 0, least: 0);
        var batch = BenchOptions.Number("--batch", "How many jobs a claim, a commit and an expiry are of", 100);
        var operations = BenchOptions.Number("--operations", "How often each operation is timed in either database, by turns", 300);
        var postgres = BenchOptions.Postgres();
        var command = new Command("scale", "The time of a store's operations with much in its tables and with nothing, by turns (medians), and the ratios")
        {
            finished, waiting, queues, recurring, payload, batch, operations, postgres,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var load = new TableLoad(
                parsed.GetValue(finished), parsed.GetValue(waiting), parsed.GetValue(queues), parsed.GetValue(recurring), parsed.GetValue(payload));
            await using var store = await PostgresBenchStore.OpenAsync(parsed.GetValue(postgres));
            await using var second = await store.CreateSecondAsync();
            await using var empty = await CycleAsync(store, TableLoad.None, parsed.GetValue(batch), cancellationToken);
            await using var loaded = await CycleAsync(second, load, parsed.GetValue(batch), cancellationToken);
            var report = new Report("scale", store)
                .Add("finished", load.Finished).Add("waiting", load.Waiting).Add("queues", load.Queues)
                .Add("recurring", load.Recurring).Add("payload", load.Payload).Add("batch", parsed.GetValue(batch));
            return await RunAsync(report, empty, loaded, parsed.GetValue(operations), cancellationToken);
        });
        return command;
    }

    static async Task<StoreCycle> CycleAsync(PostgresBenchStore store, TableLoad load, int batch, CancellationToken cancellationToken)
    {
        var rows = await load.FillAsync(store, cancellationToken);
        // Never started: nobody else claims.
        return new(BenchHost.Build(store), store.ConnectionString, rows, load.QueueNames, batch);
    }

    static async Task<int> RunAsync(Report report, StoreCycle empty, StoreCycle loaded, int operations, CancellationToken cancellationToken)
    {
        List<double[]> without = [], with = [];
        for (var i = -Discarded; i < operations; i++)
        {
            var (a, b) = (await empty.RunAsync(cancellationToken), await loaded.RunAsync(cancellationToken));
            if (i < 0)
                continue;
            without.Add(a);
            with.Add(b);
        }

        foreach (var (i, operation) in StoreCycle.Operations.Index())
            AddTo(report, operation, new(without.Select(times => times[i])), new(with.Select(times => times[i])));
        return await report.WriteAsync();
    }

    static void AddTo(Report report, string operation, Percentiles empty, Percentiles loaded) => report
        .Say($"{operation,-9} {loaded.P50,8:0.00} ms, {empty.P50,8:0.00} ms in an empty database: {loaded.P50 / empty.P50:0.00} times (p99: {loaded.P99:0.00} and {empty.P99:0.00} ms)")
        .Add($"{operation}_ms", loaded.P50, 3).Add($"{operation}_empty_ms", empty.P50, 3).Add($"{operation}_ratio", loaded.P50 / empty.P50, 3);
}
