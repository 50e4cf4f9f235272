using JobRunner.Storage;
using JobRunner.TestSupport;

namespace JobRunner.Postgres.Tests;

/// <summary>The history of executions, day by day.</summary>
public sealed class HistoryPartitionsTests : IAsyncLifetime
{
    string _database = null!;

    public async Task InitializeAsync() => _database = await PostgresFixture.CreateDatabaseAsync();

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task Without_the_option_nothing_is_written_and_no_day_is_made()
    {
        await using var store = await OpenAsync(null);

        await EndAsync(store);
        await store.Maintenance.KeepHistoryAsync(default);

        store.History.IsKept.ShouldBeFalse();
        (await DaysAsync()).ShouldBeEmpty();
        (await CountAsync("jobrunner.history")).ShouldBe(0);
    }

    [Fact]
    public async Task Days_are_made_ahead_and_lines_go_into_theirs()
    {
        await using var store = await OpenAsync(30);

        await EndAsync(store);

        (await DaysAsync()).Length.ShouldBeInRange(3, 4); // today and three more, but for the last minute of a day
        (await CountAsync("jobrunner.history")).ShouldBe(1);
        (await CountAsync("jobrunner.history_rest")).ShouldBe(0);
    }

    [Fact]
    public async Task An_end_whose_day_is_missing_is_written_all_the_same_and_moved_to_its_day_when_that_is_over()
    {
        await using var store = await OpenAsync(30);
        await Sql.ExecuteAsync(_database, string.Concat((await DaysAsync()).Select(day => $"drop table jobrunner.{day};")));

        await EndAsync(store);

        (await CountAsync("jobrunner.history_rest")).ShouldBe(1);
        (await store.Maintenance.KeepHistoryAsync(default)).ShouldBeTrue();
        (await CountAsync("jobrunner.history_rest")).ShouldBe(1, "more of that day may be on their way");

        await Sql.ExecuteAsync(_database, "update jobrunner.history_rest set endedat = endedat - interval '2 days'");
        (await store.Maintenance.KeepHistoryAsync(default)).ShouldBeTrue();

        (await CountAsync("jobrunner.history_rest")).ShouldBe(0);
        (await CountAsync("jobrunner.history")).ShouldBe(1);
    }

    [Fact]
    public async Task Old_days_go_whole_and_stray_lines_as_old_as_they_go_too()
    {
        await using var store = await OpenAsync(3);
        await Sql.ExecuteAsync(_database, """
            create table jobrunner.history_20200101 partition of jobrunner.history for values from ('2020-01-01 00:00:00Z') to ('2020-01-02 00:00:00Z');
            insert into jobrunner.history (endedat, jobid, waited, ran, method, queue, server, attempt, ending)
            values ('2020-01-01 10:00:00Z', 1, 0, 0, 1, 1, 1, 1, 1), ('2020-02-01 10:00:00Z', 2, 0, 0, 1, 1, 1, 1, 1);
            """);
        var days = await DaysAsync();

        (await store.Maintenance.KeepHistoryAsync(default)).ShouldBeTrue();

        (await DaysAsync()).ShouldBe(days.Except(["history_20200101"]));
        (await CountAsync("jobrunner.history")).ShouldBe(0);
    }

    [Fact]
    public async Task Who_reads_the_history_keeps_days_from_going_and_nobody_from_writing()
    {
        await using var store = await OpenAsync(3);
        await Sql.ExecuteAsync(_database,
            "create table jobrunner.history_20200101 partition of jobrunner.history for values from ('2020-01-01 00:00:00Z') to ('2020-01-02 00:00:00Z')");
        await using var source = Npgsql.NpgsqlDataSource.Create(_database);
        await using (var reading = await source.OpenConnectionAsync())
        await using (await reading.BeginTransactionAsync())
        {
            await using var read = new Npgsql.NpgsqlCommand("select count(*) from jobrunner.history", reading);
            await read.ExecuteScalarAsync();

            (await store.Maintenance.KeepHistoryAsync(default)).ShouldBeFalse();
            await EndAsync(store);
        }

        (await store.Maintenance.KeepHistoryAsync(default)).ShouldBeTrue();
        (await DaysAsync()).ShouldNotContain("history_20200101");
    }

    [Fact]
    public async Task Workers_that_start_together_make_the_days_once()
    {
        await using var first = TestStore.Open(_database, options => options.History = TimeSpan.FromDays(3));
        await using var second = TestStore.Open(_database, options => options.History = TimeSpan.FromDays(3));
        await using var third = TestStore.Open(_database, options => options.History = TimeSpan.FromDays(3));

        await Task.WhenAll(first.InitializeAsync(default), second.InitializeAsync(default), third.InitializeAsync(default));
        await Task.WhenAll(first.Maintenance.KeepHistoryAsync(default), second.Maintenance.KeepHistoryAsync(default));

        (await DaysAsync()).Length.ShouldBeInRange(3, 4);
    }

    [Fact]
    public async Task A_role_that_does_not_own_the_tables_writes_and_drops_lines_all_the_same()
    {
        await using (await OpenAsync(null))
        {
            await Sql.ExecuteAsync(_database, $"""
                create role {Role} login;
                grant usage on schema hangfire, jobrunner to {Role};
                grant select, insert, update, delete on all tables in schema hangfire, jobrunner to {Role};
                grant usage on all sequences in schema hangfire to {Role};
                """);
        }

        await using var store = await OpenAsync(3, options => options.ConnectionString += $";Username={Role}");
        await EndAsync(store);
        await Sql.ExecuteAsync(_database, "update jobrunner.history_rest set endedat = endedat - interval '5 days'");
        await EndAsync(store);

        await Should.ThrowAsync<Npgsql.PostgresException>(() => store.Maintenance.KeepHistoryAsync(default));

        (await CountAsync("jobrunner.history_rest")).ShouldBe(1);
    }

    [Fact]
    public async Task Each_schema_has_a_history_of_its_own()
    {
        await using var first = await OpenAsync(3);
        await using var second = await OpenAsync(3, options => options.Schema = "Other_Jobs");

        await EndAsync(second);

        (await CountAsync("jobrunner.history")).ShouldBe(0);
        (await CountAsync("\"jobrunner_Other_Jobs\".history")).ShouldBe(1);
        var now = TimeProvider.System.GetUtcNow();
        (await second.History.ReadAsync(new(now.AddHours(-1), now.AddHours(1), 10), default)).ShouldHaveSingleItem().Method.ShouldBe("Shop.Jobs.Run");
    }

    static string Role => $"history_writer_{Environment.ProcessId}";

    async Task<PostgresJobStore> OpenAsync(int? days, Action<PostgresOptions>? configure = null)
    {
        var store = TestStore.Open(_database, options =>
        {
            options.History = days is { } kept ? TimeSpan.FromDays(kept) : null;
            configure?.Invoke(options);
        });
        await store.InitializeAsync(default);
        return store;
    }

    static async Task EndAsync(PostgresJobStore store)
    {
        var now = TimeProvider.System.GetUtcNow();
        await store.Actions.AddAsync(
            [new(new Invocation("Shop.Jobs, Shop", "Run", [], []), JobState.Enqueued("default", now), new Dictionary<string, string?>())], default);
        var job = (await store.Queue.ClaimAsync(["default"], 1, default)).ShouldHaveSingleItem();
        var end = new StateChange(job.JobId, job.StateId, job.StateName, [JobState.Succeeded(now, default, default, null)], null, job.Claim)
        {
            Run = store.History.IsKept ? new(job.Invocation, job.Queue, "jobrunner@test:1:5d2c", job.StateId, 1, now, default, null) : null,
        };
        (await store.Queue.ApplyAsync([end], default))[0].ShouldNotBeNull();
    }

    async Task<string[]> DaysAsync() =>
        [.. await Sql.LinesAsync(_database, "select relname::text from pg_class where relname ~ '^history_[0-9]{8}$' and relkind = 'r' order by 1")];

    async Task<long> CountAsync(string table) => long.Parse((await Sql.LinesAsync(_database, $"select count(*)::text from {table}"))[0]);
}
