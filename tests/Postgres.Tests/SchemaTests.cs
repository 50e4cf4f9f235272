using JobRunner.Storage;
using JobRunner.TestSupport;

namespace JobRunner.Postgres.Tests;

public sealed class SchemaTests : IAsyncLifetime
{
    string _database = "";

    public async Task InitializeAsync() => _database = await PostgresFixture.CreateDatabaseAsync();

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task The_created_tables_are_those_of_Hangfires_schema_version_23()
    {
        await InitializeStoreAsync();

        (await ColumnsAsync("hangfire")).ShouldBe(ExpectedSchema.Columns);
        (await IndexesAsync("hangfire")).ShouldBe(ExpectedSchema.Indexes);
        (await Sql.LinesAsync(_database, """
            select conname || ' ' || pg_get_constraintdef(oid) from pg_constraint
            where connamespace = 'hangfire'::regnamespace and contype = 'f' order by conname
            """)).ShouldBe(ExpectedSchema.ForeignKeys);
        (await Sql.LinesAsync(_database, """
            select sequencename || ' ' || data_type from pg_sequences where schemaname = 'hangfire' order by sequencename
            """)).ShouldBe(ExpectedSchema.Sequences);
        (await Sql.LinesAsync(_database, """
            select relreplident::text from pg_class where oid = 'hangfire.lock'::regclass
            union all select version::text from hangfire.schema
            """)).ShouldBe(["i", "23"]);
    }

    [Fact]
    public async Task Nothing_of_ours_hangs_on_Hangfires_tables()
    {
        await InitializeStoreAsync();

        (await Sql.LinesAsync(_database, """
            select conname::text from pg_constraint where contype = 'f' and connamespace = 'jobrunner'::regnamespace
            union all select tgname::text from pg_trigger where not tgisinternal
            """)).ShouldBeEmpty();
    }

    [Fact(Timeout = 60_000)]
    public async Task Workers_that_start_together_create_the_tables_once() =>
        await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => InitializeStoreAsync()));

    [Fact]
    public async Task Starting_again_leaves_everything_as_it_is()
    {
        await using var store = TestStore.Open(_database);
        await store.InitializeAsync(default);
        store.Servers.Announce(new ServerInfo("jobrunner@x:1:2", [], 1, default, default), TimeSpan.FromSeconds(30));

        await InitializeStoreAsync();

        (await store.Servers.ListAsync(default)).Count.ShouldBe(1);
    }

    [Fact]
    public async Task Another_version_is_refused_with_what_was_found_and_what_is_needed()
    {
        await InitializeStoreAsync();
        await Sql.ExecuteAsync(_database, "update hangfire.schema set version = 22");

        var refusal = await Should.ThrowAsync<StoreException>(() => InitializeStoreAsync());

        refusal.Message.ShouldContain("version 22");
        refusal.Message.ShouldContain("version 23");
        refusal.Message.ShouldContain("Hangfire.PostgreSql");
    }

    [Fact]
    public async Task A_schema_with_tables_of_somebody_else_is_refused()
    {
        await Sql.ExecuteAsync(_database, "create schema hangfire; create table hangfire.job (id int)");

        (await Should.ThrowAsync<StoreException>(() => InitializeStoreAsync())).Message.ShouldContain("no table 'schema'");
    }

    [Fact]
    public async Task Our_own_tables_of_version_1_are_brought_up_to_date()
    {
        await InitializeStoreAsync();
        await Sql.ExecuteAsync(_database, "drop table jobrunner.server, jobrunner.counter, jobrunner.sweep, jobrunner.history, jobrunner.historyname; update jobrunner.version set version = 1");

        await InitializeStoreAsync();

        (await Sql.LinesAsync(_database, "select version::text from jobrunner.version")).ShouldBe(["6"]);
        (await Sql.LinesAsync(_database, "select count(*)::text from jobrunner.server")).ShouldBe(["0"]);
    }

    [Fact]
    public async Task Jobs_that_an_older_version_moved_aside_return_to_their_queues_and_others_stay()
    {
        await InitializeStoreAsync();
        await Sql.ExecuteAsync(_database, """
            insert into hangfire.job (id, statename, invocationdata, arguments, createdat)
            select n, 'Enqueued', '{}', '[]', now() from generate_series(1, 5) n;
            insert into hangfire.state (jobid, name, createdat, data) values
                (1, 'Enqueued', now(), '{"Queue": "default"}'), (2, 'Enqueued', now(), '{"Queue": "team__mail"}'),
                (3, 'Enqueued', now(), '{"Queue": "team__async"}'), (4, 'Enqueued', now(), '{"Queue": "low"}'), (4, 'Enqueued', now(), '{"Queue": "default"}'),
                (4, 'Processing', now(), '{}'), (5, 'Enqueued', now(), '{"Queue": "reports"}');
            insert into hangfire.jobqueue (jobid, queue, fetchedat) values
                (1, 'default__sandbox', null), (2, 'team__mail__thread', null), (3, 'team__async', null), (4, 'default__async', now()), (5, 'default__async', null);
            drop table jobrunner.sweep, jobrunner.history, jobrunner.historyname; update jobrunner.version set version = 3;
            """);

        await InitializeStoreAsync();

        (await Sql.LinesAsync(_database, "select jobid || ' ' || queue from hangfire.jobqueue order by jobid"))
            .ShouldBe(["1 default", "2 team__mail", "3 team__async", "4 default", "5 default__async"]);
    }

    [Fact]
    public async Task A_newer_version_of_our_own_tables_is_refused()
    {
        await InitializeStoreAsync();
        await Sql.ExecuteAsync(_database, "update jobrunner.version set version = 99");

        (await Should.ThrowAsync<StoreException>(() => InitializeStoreAsync())).Message.ShouldContain("99");
    }

    [Fact]
    public async Task A_role_that_may_not_create_anything_starts_on_finished_tables()
    {
        await InitializeStoreAsync();
        await Sql.ExecuteAsync(_database, $"""
            create role {Role("plain_user")} login;
            grant usage on schema hangfire, jobrunner to {Role("plain_user")};
            grant select, insert, update, delete on all tables in schema hangfire, jobrunner to {Role("plain_user")};
            grant usage on all sequences in schema hangfire, jobrunner to {Role("plain_user")}
            """);

        await InitializeStoreAsync(options => options.ConnectionString += $";Username={Role("plain_user")}");
    }

    [Fact]
    public async Task Empty_schemas_that_an_administrator_made_are_filled()
    {
        await Sql.ExecuteAsync(_database, $"""
            create role {Role("schema_owner")} login;
            create schema hangfire authorization {Role("schema_owner")};
            create schema jobrunner authorization {Role("schema_owner")}
            """);

        await InitializeStoreAsync(options => options.ConnectionString += $";Username={Role("schema_owner")}");

        (await Sql.LinesAsync(_database, "select version::text from hangfire.schema")).ShouldBe(["23"]);
    }

    [Fact]
    public async Task Two_schemas_live_side_by_side_in_one_database()
    {
        await using var first = TestStore.Open(_database);
        await using var second = TestStore.Open(_database, options => options.Schema = "Other_Jobs");
        await first.InitializeAsync(default);
        await second.InitializeAsync(default);
        var at = TimeProvider.System.GetUtcNow();
        var job = new NewJob(new Invocation("T, A", "M", [], []), JobState.Enqueued("default", at), new Dictionary<string, string?>());

        var ids = await second.Actions.AddAsync([job], default);
        await second.Notes.WriteAsync([new(0, ids[0], at, 2, "note")], [], default);

        (await first.Queue.ClaimAsync(["default"], 10, default)).ShouldBeEmpty();
        var claimed = (await second.Queue.ClaimAsync(["default"], 10, default)).ShouldHaveSingleItem();
        var end = JobState.Succeeded(at, default, default, null);
        (await second.Queue.ApplyAsync([new(claimed.JobId, claimed.StateId, claimed.StateName, [end], null, claimed.Claim)], default))[0].ShouldNotBeNull();
        (await Sql.LinesAsync(_database, "select message from \"jobrunner_Other_Jobs\".log")).ShouldBe(["note"]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a-b")]
    [InlineData("x\"; drop table y")]
    public void A_schema_name_that_is_no_identifier_is_refused(string name) =>
        Should.Throw<StoreException>(() => TestStore.Open(_database, options => options.Schema = name)).Message.ShouldContain(name);

    // Roles belong to the whole server, which may outlive this run.
    static string Role(string name) => $"{name}_{Environment.ProcessId}";

    async Task InitializeStoreAsync(Action<PostgresOptions>? configure = null)
    {
        await using var store = TestStore.Open(_database, configure);
        await store.InitializeAsync(default);
    }

    Task<List<string>> ColumnsAsync(string schema) => Sql.LinesAsync(_database, $"""
        select concat_ws(' ', table_name || '.' || column_name, data_type, case is_nullable when 'NO' then 'not null' end,
                         'default ' || column_default)
        from information_schema.columns where table_schema = '{schema}' order by table_name collate "C", ordinal_position
        """);

    Task<List<string>> IndexesAsync(string schema) => Sql.LinesAsync(_database, $"""
        select replace(indexdef, '{schema}.', '') from pg_indexes where schemaname = '{schema}' order by indexname collate "C"
        """);
}
