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

        var plan = await ExplainAsync(ClaimSql.Heads, "text[], int[], int, bigint, bigint[]", "array['critical', 'default'], array[100, 100], 100, 100000000, array[0, 0]");

        plan.ShouldContain("Index Scan using ix_hangfire_jobqueue_fetchedat_queue_jobid on jobqueue");
        plan.ShouldContain("rows=100 loops=1");
        plan.ShouldNotContain("Sort Key");
        plan.ShouldNotContain("Seq Scan");
        plan.ShouldNotContain("rows=20000");
    }

    [Fact]
    public async Task A_claim_among_many_finished_and_many_waiting_jobs_reads_only_what_it_takes()
    {
        await using var store = await TestStore.CreateAsync(fixture.ConnectionString);
        await store.InitializeAsync(default);
        await Sql.ExecuteAsync(fixture.ConnectionString, """
            alter table hangfire.jobqueue set (autovacuum_enabled = off);
            alter table hangfire.job set (autovacuum_enabled = off);
            insert into hangfire.job (id, statename, invocationdata, arguments, createdat)
            select n, case when n <= 150000 then 'Succeeded' else 'Enqueued' end, '{}', '[]', now() from generate_series(1, 300000) n;
            insert into hangfire.jobqueue (jobid, queue, fetchedat) select n, 'default', now() from generate_series(1, 2000) n;
            insert into hangfire.jobqueue (jobid, queue) select n, 'default' from generate_series(150001, 300000) n;
            """);

        var plan = await ExplainAsync(ClaimSql.Heads, "text[], int[], int, bigint, bigint[]", "array['critical', 'default'], array[100, 100], 100, 100000000, array[0, 0]");

        System.Text.RegularExpressions.Regex.Matches(plan, @"rows=(\d+) loops=(\d+)")
            .Max(node => long.Parse(node.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture)).ShouldBeLessThanOrEqualTo(100, plan);
        plan.ShouldNotContain("Seq Scan");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Changes_of_state_find_rows_by_their_keys_also_in_tables_that_were_empty_when_they_were_vacuumed(bool runs)
    {
        await using var store = await TestStore.CreateAsync(fixture.ConnectionString);
        await store.InitializeAsync(default);
        await Sql.ExecuteAsync(fixture.ConnectionString, """
            insert into hangfire.jobqueue (jobid, queue) select n, 'default' from generate_series(1, 20000) n;
            insert into hangfire.set (key, score, value) select 'schedule', n, n::text from generate_series(1, 20000) n;
            delete from hangfire.jobqueue;
            delete from hangfire.set;
            """);
        await Sql.ExecuteAsync(fixture.ConnectionString, "vacuum (truncate off, analyze) hangfire.jobqueue");
        await Sql.ExecuteAsync(fixture.ConnectionString, "vacuum (truncate off, analyze) hangfire.set");
        var plan = runs
            ? await ExplainAsync(await RunsSqlAsync(), "bigint[], bigint[], bigint[], int[], timestamptz[], jsonb[], timestamptz[], jsonb[], interval[]",
                string.Join(", ", Enumerable.Repeat("null", 9)), explain: "explain")
            : await ExplainAsync(StateChangeSql.Apply, "json, text, text", "null, null, null", explain: "explain");

        plan.ShouldNotContain("ix_hangfire_jobqueue_fetchedat_queue_jobid");
        plan.ShouldNotContain("ix_hangfire_set_key_score");
        plan.ShouldNotContain("Seq Scan");
    }

    // The statement of the function, with its parameters as those of a prepared statement.
    async Task<string> RunsSqlAsync()
    {
        var body = string.Join('\n', await Sql.LinesAsync(fixture.ConnectionString, "select prosrc from pg_proc where proname = 'write_runs'"));
        var statement = body[body.IndexOf("with run as", StringComparison.Ordinal)..body.IndexOf("end if;", StringComparison.Ordinal)].TrimEnd(';', ' ', '\n');
        return statement.Replace("into stateids, held", "", StringComparison.Ordinal)
            .Replace("unnest(jobids, seen, queueids, tokens, startedat, started, endedat, ended, retention)", "unnest($1, $2, $3, $4, $5, $6, $7, $8, $9)", StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_look_of_an_idle_worker_reads_one_entry_of_each_index()
    {
        await using var store = await TestStore.CreateAsync(fixture.ConnectionString);
        await store.InitializeAsync(default);
        await Sql.ExecuteAsync(fixture.ConnectionString, """
            analyze hangfire.jobqueue; analyze hangfire.set;
            alter table hangfire.jobqueue set (autovacuum_enabled = off);
            alter table hangfire.set set (autovacuum_enabled = off);
            insert into hangfire.jobqueue (jobid, queue) select n, 'default' from generate_series(1, 20000) n;
            insert into hangfire.set (key, score, value) select 'schedule', n, n::text from generate_series(1, 20000) n;
            """);

        var plan = await ExplainAsync(
            QueueLook.LookSql, "text[], text, text, interval, text[]", "array['critical', 'default'], 'jobrunner@a', 'jobrunner@', '15 s', array['critical', 'default']", settings: "");

        plan.ShouldContain("using ix_hangfire_jobqueue_fetchedat_queue_jobid");
        plan.ShouldContain("using ix_hangfire_set_key_score");
        plan.ShouldNotContain("Seq Scan on jobqueue");
        plan.ShouldNotContain("Seq Scan on set");
        plan.ShouldNotContain("rows=20000 loops");
    }

    [Theory]
    [InlineData("0", "rows=500 loops=2")] // a head of a thousand, over two queues of which one is empty
    [InlineData("19000", "rows=1000 loops=1")]
    public async Task A_claim_that_leaves_jobs_where_they_are_reads_only_as_much_as_it_may(string late, string read)
    {
        await using var store = await TestStore.CreateAsync(fixture.ConnectionString);
        await store.InitializeAsync(default);
        await Sql.ExecuteAsync(fixture.ConnectionString, """
            analyze hangfire.jobqueue; analyze hangfire.job;
            alter table hangfire.jobqueue set (autovacuum_enabled = off);
            alter table hangfire.job set (autovacuum_enabled = off);
            truncate hangfire.job cascade; truncate hangfire.jobqueue restart identity;
            insert into hangfire.job (id, statename, invocationdata, arguments, createdat)
            select n, 'Enqueued', '{"Type": "Other.Jobs, Other", "Method": "Run"}', '[]', now() from generate_series(1, 20000) n;
            insert into hangfire.jobqueue (jobid, queue) select n, 'default' from generate_series(1, 20000) n;
            insert into jobrunner.sweep (queue, hash, position, began, due) values ('default', 'x', 5000, now(), now()) on conflict do nothing;
            """);

        var plan = await ExplainAsync(ClaimSql.Ahead, "text[], int[], int, bigint, text[], int[], int[], text[], bool[], bigint[], int, int, int, bigint",
            $"array['critical', 'default'], array[100, 100], 100, 100000000, array[E'Other.Jobs, Other\\nRun\\n'], array[1, 1], array[1, 1], array['x', 'x'], "
            + $"array[true, true], array[{late}, {late}], 1000, 1000, 1000, 1000000000");

        plan.ShouldContain("Index Scan using ix_hangfire_jobqueue_fetchedat_queue_jobid on jobqueue");
        plan.ShouldContain("Index Scan using job_pkey on job");
        plan.ShouldContain("using jobqueue_pkey");
        plan.ShouldContain(read);
        plan.ShouldNotContain("Sort Key");
        plan.ShouldNotContain("Seq Scan");
        plan.ShouldNotContain("rows=20000");
        plan.ShouldNotContain("rows=10000");
    }

    [Theory]
    [InlineData("deaths")]
    [InlineData("rescue")]
    [InlineData("orphans")]
    public async Task A_rescue_reads_what_is_fetched_and_what_is_processing_and_not_what_waits(string which)
    {
        await using var store = await TestStore.CreateAsync(fixture.ConnectionString);
        await store.InitializeAsync(default);
        await Sql.ExecuteAsync(fixture.ConnectionString, """
            analyze hangfire.jobqueue; analyze hangfire.job; analyze hangfire.state;
            alter table hangfire.jobqueue set (autovacuum_enabled = off);
            alter table hangfire.job set (autovacuum_enabled = off);
            alter table hangfire.state set (autovacuum_enabled = off);
            insert into hangfire.job (id, stateid, statename, invocationdata, arguments, createdat)
            select n, n, case when n <= 100 then 'Processing' else 'Enqueued' end, '{}', '[]', now() from generate_series(1, 20000) n;
            insert into hangfire.state (id, jobid, name, createdat, data)
            select n, n, case when n <= 100 then 'Processing' else 'Enqueued' end, now() - interval '1 hour', '{"ServerId": "jobrunner@dead:1:a"}'
            from generate_series(1, 20000) n;
            insert into hangfire.jobqueue (jobid, queue, fetchedat, updatecount)
            select n, 'default', case when n <= 100 then now() - interval '1 hour' end, -1 from generate_series(51, 20000) n;
            """);

        var plan = which == "orphans"
            ? await ExplainAsync(JobRescue.RescueOrphansSql, "interval, interval, text, text, interval", "'30 s', '30 min', 'jobrunner@', null, '0 s'")
            : await ExplainAsync(which == "deaths" ? JobRescue.CountDeathsSql : JobRescue.RescueSql,
                "interval, interval, text, text, interval, bigint[], int[], timestamptz",
                $"'30 s', '30 min', 'jobrunner@', null, '0 s', array[-7], array[1], {(which == "deaths" ? "null" : "now()")}");

        System.Text.RegularExpressions.Regex.Matches(plan, @"rows=(\d+) loops=(\d+)")
            .Max(node => long.Parse(node.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture)).ShouldBeLessThanOrEqualTo(100, plan);
        plan.Contains("rows=50 loops=1", StringComparison.Ordinal).ShouldBeTrue(plan);
        System.Text.RegularExpressions.Regex.IsMatch(plan, @"Rows Removed by Filter: \d{3}").ShouldBe(false, plan);
    }

    [Fact]
    public async Task A_page_of_a_large_state_behind_another_one_reads_as_much_as_it_may()
    {
        await GivenAsync("""
            insert into hangfire.job (id, stateid, statename, invocationdata, arguments, createdat)
            select n, n, case when n <= 10000 then 'Succeeded' else 'Enqueued' end, '{}', '[]', now() from generate_series(1, 20000) n;
            insert into hangfire.state (id, jobid, name, createdat, data) select n, n, 'Succeeded', now(), '{}' from generate_series(1, 10000) n
            """);

        var plan = await ExplainAsync(JobLists.ListSql, "text, int, int, int, int, int, int, bigint", "'Succeeded', 20, 20, 1000, 2080, 2080, 1000, 32768");

        ShouldReadAtMost(2080, plan);
        plan.ShouldContain("Backward");
        plan.ShouldContain("Rows Removed by Filter: 2080");
    }

    [Theory]
    [InlineData("states", 10000)]
    [InlineData("queues", 5000)]
    [InlineData("others", 10000)]
    [InlineData("names", 101)]
    [InlineData("probe", 200)]
    public async Task Counts_and_looks_read_as_much_as_they_may_of_many_jobs_in_many_queues(string which, int most)
    {
        await GivenAsync("""
            insert into hangfire.job (id, statename, invocationdata, arguments, createdat) select n, 'Enqueued', '{}', '[]', now() from generate_series(1, 50000) n;
            insert into hangfire.jobqueue (jobid, queue) select n, 'queue-' || n % 200 from generate_series(1, 50000) n;
            insert into hangfire.set (key, score, value) select 'retries', 0, n::text from generate_series(1, 20000) n
            """);

        var plan = which switch
        {
            "states" => await ExplainAsync(StoreCounter.StatesSql, "text[], int", "array['Enqueued', 'Failed'], 10000"),
            "queues" => await ExplainAsync(StoreCounter.QueuesSql, "int, int", "100, 5000"),
            "others" => await ExplainAsync(StoreCounter.OthersSql, "int", "10000"),
            "names" => await ExplainAsync(WaitingQueues.NamesSql, "int", "100"),
            _ => await ExplainAsync(WaitingQueues.ProbeSql, "text[], int", $"array[{string.Join(", ", Enumerable.Range(0, 200).Select(n => $"'queue-{n}'"))}], 64"),
        };

        ShouldReadAtMost(most, plan);
    }

    [Fact]
    public async Task A_round_over_recurring_jobs_reads_from_where_it_is_told()
    {
        await GivenAsync("insert into hangfire.set (key, score, value) select 'recurring-jobs', n, n::text from generate_series(1, 20000) n");

        ShouldReadAtMost(51, await ExplainAsync(DueRecurring.DueSql, "float8, text, int", "19950, '', 1000"));
    }

    [Fact]
    public async Task An_expiry_reads_what_it_removes()
    {
        await GivenAsync("""
            insert into hangfire.job (id, statename, invocationdata, arguments, createdat, expireat)
            select n, 'Succeeded', '{}', '[]', now(), now() - interval '1 hour' from generate_series(1, 20000) n
            """);

        var plan = await ExplainAsync(Expiry.JobsSql, "int", "100");

        ShouldReadAtMost(100, plan);
        plan.ShouldContain("ix_hangfire_job_expireat");
    }

    // In tables of which the planner believes that they are empty.
    async Task GivenAsync(string sql)
    {
        await using var store = await TestStore.CreateAsync(fixture.ConnectionString);
        await store.InitializeAsync(default);
        await Sql.ExecuteAsync(fixture.ConnectionString, """
            analyze hangfire.job; analyze hangfire.state; analyze hangfire.jobqueue; analyze hangfire.set;
            alter table hangfire.job set (autovacuum_enabled = off);
            alter table hangfire.state set (autovacuum_enabled = off);
            alter table hangfire.jobqueue set (autovacuum_enabled = off);
            alter table hangfire.set set (autovacuum_enabled = off);
            """ + sql);
    }

    static void ShouldReadAtMost(int rows, string plan)
    {
        System.Text.RegularExpressions.Regex.Matches(plan, @"actual .*rows=(\d+) loops=(\d+)")
            .Max(node => long.Parse(node.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture)).ShouldBeLessThanOrEqualTo(rows, plan);
        plan.Replace("Seq Scan on server", "", StringComparison.Ordinal).Replace("Seq Scan on counter", "", StringComparison.Ordinal).ShouldNotContain("Seq Scan");
    }

    async Task<string> ExplainAsync(string sql, string types, string values, string settings = Database.IndexesOnlySql + ";", string explain = "explain (analyze)")
    {
        await using var connection = new NpgsqlConnection(fixture.ConnectionString);
        await connection.OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using (var set = new NpgsqlCommand(settings + "set local plan_cache_mode = force_generic_plan", connection))
            await set.ExecuteNonQueryAsync();
        await using (var prepare = new NpgsqlCommand($"prepare claim({types}) as {sql}", connection))
            await prepare.ExecuteNonQueryAsync();
        await using var execute = new NpgsqlCommand($"{explain} execute claim({values})", connection);
        await using var reader = await execute.ExecuteReaderAsync();
        var lines = new List<string>();
        while (await reader.ReadAsync())
            lines.Add(reader.GetString(0));
        return string.Join('\n', lines);
    }
}
