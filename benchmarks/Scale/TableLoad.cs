using JobRunner.TestSupport;
using Npgsql;

namespace JobRunner.Benchmarks;

/// <summary>What stands in the tables of a database beside the jobs at hand.</summary>
/// <param name="Finished">Jobs that have succeeded.</param>
/// <param name="Waiting">Jobs in the queues.</param>
/// <param name="Queues">How many queues there are.</param>
/// <param name="Recurring">Recurring jobs; every other one is always due and is of a type that nobody here has.</param>
/// <param name="Payload">The length of each job's argument in bytes; 0 for none.</param>
sealed record TableLoad(int Finished, int Waiting, int Queues, int Recurring, int Payload)
{
    const string ModelId = "model";

    const string RecurringSql = $$"""
        /* {{DatabaseMeter.OwnName}} */
        with new as materialized (
            select 'copy-' || n as id, n % 2 = 0 as isforeign from generate_series(1, $2) n
        ), fields as (
            insert into hangfire.hash (key, field, value)
            select 'recurring-job:' || new.id, h.field,
                   case when h.field = 'Job' and new.isforeign then (h.value::jsonb || '{"t": "Elsewhere.Reports, Elsewhere"}')::text else h.value end
            from new, hangfire.hash h where h.key = 'recurring-job:' || $1
        )
        insert into hangfire.set (key, value, score)
        select 'recurring-jobs', new.id, case when new.isforeign then extract(epoch from now()) - 60 else s.score end
        from new, hangfire.set s where s.key = 'recurring-jobs' and s.value = $1
        """;

    /// <summary>Nothing.</summary>
    public static TableLoad None { get; } = new(0, 0, 1, 0, 0);

    /// <summary>The names of the queues.</summary>
    public string[] QueueNames => [.. Enumerable.Range(0, Queues).Select(i => i == 0 ? "default" : $"queue-{i}")];

    /// <summary>Runs one job, and copies its rows.</summary>
    /// <returns>To add more of them.</returns>
    public async Task<HangfireRows> FillAsync(PostgresBenchStore store, CancellationToken cancellationToken)
    {
        var payload = new string('x', Payload);
        var call = Payload > 0 ? JobCall.Of(() => BenchJobs.TakeAsync(payload)) : JobCall.Of(() => BenchJobs.NoOpAsync());
        await Drain.RunAsync(store, () => BenchHost.Build(store), call, 1, cancellationToken);
        var rows = await HangfireRows.LikeNewestAsync(store.ConnectionString);
        await rows.AddFinishedAsync(Finished);
        await rows.AddWaitingAsync(Waiting, QueueNames);
        if (Recurring > 0)
            await AddRecurringAsync(store, cancellationToken);
        await Sql.ExecuteAsync(store.ConnectionString, "vacuum analyze");
        return rows;
    }

    // By the year: none of ours comes due while it is measured.
    async Task AddRecurringAsync(PostgresBenchStore store, CancellationToken cancellationToken)
    {
        await using var host = BenchHost.Build(store);
        await host.Recurring.AddOrUpdateAsync(ModelId, () => BenchJobs.NoOpAsync(), "0 0 1 1 *", cancellationToken: cancellationToken);
        await Sql.ExecuteAsync(store.ConnectionString, RecurringSql, new NpgsqlParameter { Value = ModelId }, new NpgsqlParameter { Value = Recurring - 1 });
    }
}
