using JobRunner.TestSupport;
using Npgsql;

namespace JobRunner.Postgres.Tests;

public sealed class PlanTests(PostgresFixture fixture) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task A_claim_reads_the_head_of_the_queue_from_the_index_whatever_the_statistics_say()
    {
        await using var store = await TestStore.CreateAsync(fixture.ConnectionString);
        await store.InitializeAsync(default);
        await Sql.ExecuteAsync(fixture.ConnectionString, "analyze hangfire.jobqueue"); // while it is empty
        await Sql.ExecuteAsync(fixture.ConnectionString, "alter table hangfire.jobqueue set (autovacuum_enabled = off)");
        await Sql.ExecuteAsync(
            fixture.ConnectionString, "insert into hangfire.jobqueue (jobid, queue) select n, 'default' from generate_series(1, 20000) n");

        var plan = await ExplainAsync(PostgresJobStore.ClaimSql, "text[], int[], int, bigint[]", "array['critical', 'default'], array[100, 100], 100, array[0, 0]");

        plan.ShouldContain("Index Scan using ix_hangfire_jobqueue_fetchedat_queue_jobid on jobqueue");
        plan.ShouldContain("rows=100 loops=1");
        plan.ShouldNotContain("Sort Key");
        plan.ShouldNotContain("Seq Scan");
        plan.ShouldNotContain("rows=20000");
    }

    [Fact]
    public async Task A_claim_that_leaves_types_to_others_looks_at_its_window_alone()
    {
        await using var store = await TestStore.CreateAsync(fixture.ConnectionString);
        await store.InitializeAsync(default);
        await Sql.ExecuteAsync(fixture.ConnectionString, """
            analyze hangfire.jobqueue; analyze hangfire.job;
            alter table hangfire.jobqueue set (autovacuum_enabled = off);
            alter table hangfire.job set (autovacuum_enabled = off);
            insert into hangfire.job (id, statename, invocationdata, arguments, createdat)
            select n, 'Enqueued', '{"Type": "Other.Jobs, Other", "Method": "Run"}', '[]', now() from generate_series(1, 20000) n;
            insert into hangfire.jobqueue (jobid, queue) select n, 'default' from generate_series(1, 20000) n;
            """);

        var plan = await ExplainAsync(PostgresJobStore.ClaimExceptSql, "text[], int[], int, bigint[], int, text[]",
            "array['critical', 'default'], array[100, 100], 100, array[0, 5000], 1000, array['Other.Jobs, Other']");

        plan.ShouldContain("Index Scan using ix_hangfire_jobqueue_fetchedat_queue_jobid on jobqueue");
        plan.ShouldContain("Index Scan using job_pkey on job");
        plan.ShouldContain("rows=500 loops=2"); // a window of a thousand, over two queues of which one is empty
        plan.ShouldNotContain("Sort Key");
        plan.ShouldNotContain("Seq Scan");
        plan.ShouldNotContain("rows=20000");
    }

    async Task<string> ExplainAsync(string sql, string types, string values)
    {
        await using var connection = new NpgsqlConnection(fixture.ConnectionString);
        await connection.OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using (var settings = new NpgsqlCommand(PostgresJobStore.IndexesOnlySql + "; set local plan_cache_mode = force_generic_plan", connection))
            await settings.ExecuteNonQueryAsync();
        await using (var prepare = new NpgsqlCommand($"prepare claim({types}) as {sql}", connection))
            await prepare.ExecuteNonQueryAsync();
        await using var explain = new NpgsqlCommand($"explain (analyze) execute claim({values})", connection);
        await using var reader = await explain.ExecuteReaderAsync();
        var lines = new List<string>();
        while (await reader.ReadAsync())
            lines.Add(reader.GetString(0));
        return string.Join('\n', lines);
    }
}
