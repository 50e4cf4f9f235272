using System.Globalization;
using JobRunner.TestSupport;
using Npgsql;
using NpgsqlTypes;

namespace JobRunner.Benchmarks;

/// <summary>
/// What 'enqueue' is compared with: one statement for each batch, one batch after the other, as one caller adds jobs. Single calls
/// cannot do better than to share batches: the limit of 64 callers who each wait for their own job is a batch of 64, from one loop.
/// (Two loops of 32 each have twice the statements and flushes, and took more processor time a job.)
/// </summary>
sealed class BareEnqueue(NpgsqlConnection connection, BareEnqueue.Row row)
{
    const int WarmUpJobs = 2000;

    const string AddSql = """
        with new as materialized (
            select nextval('hangfire.job_id_seq') as jobid, nextval('hangfire.state_id_seq') as stateid, n.*
            from unnest($1::jsonb[], $2::jsonb[]) as n(invocationdata, arguments)
        ), jobs as (
            insert into hangfire.job (id, stateid, statename, invocationdata, arguments, createdat)
            select jobid, stateid, 'Enqueued', invocationdata, arguments, $3 from new
        ), parameters as (
            insert into hangfire.jobparameter (jobid, name, value) select jobid, 'CurrentCulture', $4 from new
        ), states as (
            insert into hangfire.state (id, jobid, name, createdat, data) select stateid, jobid, 'Enqueued', $3, $5 from new
        ), waiting as (
            insert into hangfire.jobqueue (jobid, queue) select jobid, 'default' from new
        )
        select jobid, (select count(pg_notify('new_job', '')) from (values (true)) once) from new
        """;

    /// <summary>The same with few jobs, not measured, and then with all.</summary>
    public static async Task<BareRun> WarmedAsync(PostgresBenchStore store, int jobs, int batch, CancellationToken cancellationToken)
    {
        var row = await ModelAsync(store, cancellationToken);
        await RunAsync(store, row, WarmUpJobs, batch, cancellationToken);
        var run = await RunAsync(store, row, jobs, batch, cancellationToken);
        await store.VerifyEnqueuedAsync(jobs);
        return run;
    }

    // What our own client writes.
    static async Task<Row> ModelAsync(PostgresBenchStore store, CancellationToken cancellationToken)
    {
        await using var host = BenchHost.Build(store);
        await host.Store.InitializeAsync(cancellationToken);
        await store.ResetAsync();
        await host.Client.EnqueueAsync(() => BenchJobs.NoOpAsync(), cancellationToken);
        return new(
            await TextAsync("select invocationdata::text from hangfire.job"), await TextAsync("select arguments::text from hangfire.job"),
            await TextAsync("select value from hangfire.jobparameter where name = 'CurrentCulture'"));

        async Task<string> TextAsync(string sql) => (string)(await Sql.ScalarAsync(store.ConnectionString, sql))!;
    }

    static async Task<BareRun> RunAsync(PostgresBenchStore store, Row row, int jobs, int batch, CancellationToken cancellationToken)
    {
        await store.ResetAsync();
        await using var connection = await store.OpenBareAsync(cancellationToken);
        var enqueue = new BareEnqueue(connection, row);
        await using var meter = await Meter.StartAsync(store);
        var started = TimeProvider.System.GetTimestamp();
        for (var left = jobs; left > 0; left -= batch)
            await enqueue.AddAsync(Math.Min(left, batch), cancellationToken);
        return new(jobs, TimeProvider.System.GetElapsedTime(started), await meter.StopAsync());
    }

    /// <returns>The ids: a caller wants them.</returns>
    async Task<long[]> AddAsync(int jobs, CancellationToken cancellationToken)
    {
        var now = TimeProvider.System.GetUtcNow();
        var state = string.Create(CultureInfo.InvariantCulture, $$"""{"EnqueuedAt":"{{now.ToUnixTimeMilliseconds()}}","Queue":"default"}""");
        await using var command = new NpgsqlCommand(AddSql, connection)
        {
            Parameters =
            {
                Repeated(row.InvocationData, jobs), Repeated(row.Arguments, jobs), new NpgsqlParameter<DateTime> { TypedValue = now.UtcDateTime },
                new NpgsqlParameter<string> { TypedValue = row.Culture }, new NpgsqlParameter<string> { TypedValue = state, NpgsqlDbType = NpgsqlDbType.Jsonb },
            },
        };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var ids = new long[jobs];
        for (var i = 0; await reader.ReadAsync(cancellationToken); i++)
            ids[i] = reader.GetInt64(0);
        return ids;
    }

    static NpgsqlParameter<string[]> Repeated(string json, int count) => new()
    {
        TypedValue = [.. Enumerable.Repeat(json, count)],
        NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Jsonb,
    };

    /// <summary>The texts of a job.</summary>
    public sealed record Row(string InvocationData, string Arguments, string Culture);
}
