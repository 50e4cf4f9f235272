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
        await TestStore.ExecuteAsync(fixture.ConnectionString, "analyze hangfire.jobqueue"); // while it is empty
        await TestStore.ExecuteAsync(fixture.ConnectionString, "alter table hangfire.jobqueue set (autovacuum_enabled = off)");
        await TestStore.ExecuteAsync(
            fixture.ConnectionString, "insert into hangfire.jobqueue (jobid, queue) select n, 'default' from generate_series(1, 20000) n");

        var plan = await ExplainAsync(PostgresJobStore.IndexesOnlySql, PostgresJobStore.ClaimSql);

        plan.ShouldContain("Index Scan using ix_hangfire_jobqueue_fetchedat_queue_jobid on jobqueue");
        plan.ShouldContain("rows=100 loops=1");
        plan.ShouldNotContain("Sort Key");
        plan.ShouldNotContain("Seq Scan");
        plan.ShouldNotContain("rows=20000");
    }

    async Task<string> ExplainAsync(string setup, string sql)
    {
        await using var connection = new NpgsqlConnection(fixture.ConnectionString);
        await connection.OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using (var settings = new NpgsqlCommand(setup + "; set local plan_cache_mode = force_generic_plan", connection))
            await settings.ExecuteNonQueryAsync();
        await using (var prepare = new NpgsqlCommand($"prepare claim(text[], int) as {sql}", connection))
            await prepare.ExecuteNonQueryAsync();
        await using var explain = new NpgsqlCommand("explain (analyze) execute claim(array['critical', 'default'], 100)", connection);
        await using var reader = await explain.ExecuteReaderAsync();
        var lines = new List<string>();
        while (await reader.ReadAsync())
            lines.Add(reader.GetString(0));
        return string.Join('\n', lines);
    }
}
