using JobRunner.Storage;
using JobRunner.TestSupport;

namespace JobRunner.Postgres.Tests;

/// <summary>What others may leave in the tables: Hangfire's own servers and clients, scripts, people.</summary>
public sealed class ForeignRowsTests(PostgresFixture fixture) : StoreTests(fixture)
{
    const string GoodCall = """'{"Type": "T, A", "Method": "M", "ParameterTypes": "[]"}', '[]'""";


    [Fact]
    public async Task Queue_rows_without_a_job_are_removed()
    {
        await ExecuteAsync("insert into hangfire.jobqueue (jobid, queue) values (41, 'default'), (42, 'default')");

        (await ClaimAsync()).ShouldBeEmpty();

        (await LinesAsync("select jobid::text from hangfire.jobqueue")).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_call_that_cannot_be_read_is_claimed_with_the_reason()
    {
        await AddJobAsync("""'{"Method": "M"}', '[]'""");

        var job = (await ClaimAsync()).ShouldHaveSingleItem();

        job.Invocation.ShouldBeNull();
        job.LoadError.ShouldNotBeNull().ShouldContain("Type");
        (await Store.Reader.GetAsync(job.JobId, default))!.LoadError.ShouldBe(job.LoadError);
    }

    [Fact]
    public async Task A_job_without_a_state_is_left_alone_and_its_queue_row_goes()
    {
        await ExecuteAsync($"""
            insert into hangfire.job (id, invocationdata, arguments, createdat) values (7, {GoodCall}, now());
            insert into hangfire.jobqueue (jobid, queue) values (7, 'default')
            """);

        (await ClaimAsync()).ShouldBeEmpty();

        (await LinesAsync("select jobid::text from hangfire.jobqueue")).ShouldBeEmpty();
        (await Store.Actions.RequeueAsync([7], null, default)).ShouldBe(0);
        (await Store.Reader.GetAsync(7, default)).ShouldNotBeNull().State.ShouldBeNull();
    }

    [Fact]
    public async Task A_job_written_by_hand_with_a_state_name_and_no_state_row_runs()
    {
        await AddJobAsync(GoodCall);

        var job = (await ClaimAsync()).ShouldHaveSingleItem();
        job.StateId.ShouldBe(0);
        (Store.Queue.Renew([new Lease(7, job.Claim, 0)])).ShouldBeEmpty();
        (await ApplyAsync(job, JobState.Succeeded(Now, default, default, null))).ShouldNotBeNull();

        (await Store.Reader.GetAsync(7, default))!.State!.Name.ShouldBe(JobStates.Succeeded);
    }

    [Fact]
    public async Task Of_a_parameter_that_is_there_twice_the_last_one_counts_and_a_retry_leaves_one()
    {
        await AddJobAsync(GoodCall);
        await ExecuteAsync("insert into hangfire.jobparameter (jobid, name, value) values (7, 'RetryCount', '1'), (7, 'RetryCount', '2')");

        var job = (await ClaimAsync()).ShouldHaveSingleItem();
        job.Parameters["RetryCount"].ShouldBe("2");
        await Store.Queue.ApplyAsync([By(job, JobState.Scheduled(Now, Now, "Retry attempt 3 of 10: x")) with { Parameters = new Dictionary<string, string?> { ["RetryCount"] = "3" } }], default);

        (await LinesAsync("select name || value from hangfire.jobparameter")).ShouldBe(["RetryCount3"]);
    }

    [Fact]
    public async Task A_scheduled_job_that_a_Hangfire_server_moved_into_its_queue_runs()
    {
        await AddJobAsync(GoodCall, JobStates.Scheduled);

        var job = (await ClaimAsync()).ShouldHaveSingleItem();

        job.StateName.ShouldBe(JobStates.Scheduled);
        (await ApplyAsync(job, JobState.Succeeded(Now, default, default, null))).ShouldNotBeNull();
    }

    [Fact]
    public async Task Entries_of_the_schedule_that_mean_nothing_are_removed()
    {
        await AddJobAsync(GoodCall);
        await ExecuteAsync("""
            insert into hangfire.set (key, score, value) values
                ('schedule', 1, 'nonsense'), ('schedule', 2, '4711'), ('schedule', 3, 'critical:4712'), ('schedule', 4, '7'),
                ('schedule', 5, '99999999999999999999'), ('schedule', 1e12, 'not due'), ('retries', 0, '7')
            """);

        (await Store.Maintenance.EnqueueDueAsync(100, default)).ShouldBe(5);

        (await LinesAsync("select value from hangfire.set order by id")).ShouldBe(["not due", "7"]);
        (await LinesAsync("select statename from hangfire.job")).ShouldBe([JobStates.Enqueued]);
    }

    [Fact]
    public async Task Server_rows_that_cannot_be_read_are_listed_with_what_is_known()
    {
        await ExecuteAsync("""
            insert into hangfire.server (id, data, lastheartbeat) values
                ('a', null, now()), ('b', '[1]', now()), ('c', '{"Queues": ["default"], "WorkerCount": 3}', now())
            """);

        var servers = await Store.Servers.ListAsync(default);

        servers.Select(server => server.WorkerCount).ShouldBe([0, 0, 3]);
        servers[2].Queues.ShouldBe(["default"]);
    }

    [Fact]
    public async Task Counters_are_rolled_up_and_expired_ones_removed()
    {
        await ExecuteAsync("""
            insert into hangfire.aggregatedcounter (key, value) values ('stats:succeeded', 10);
            insert into hangfire.counter (key, value) values ('stats:succeeded', 3), ('stats:succeeded', -1), ('other', 5);
            insert into hangfire.counter (key, value, expireat) values ('old', 1, now() - interval '1 s')
            """);
        (await Store.Reader.CountAsync(default)).ByState[JobStates.Succeeded].ShouldBe(12);

        await Store.Maintenance.ExpireAsync(100, default);
        (await Store.Maintenance.SumUpAsync(2, default)).ShouldBe(2);
        (await Store.Maintenance.SumUpAsync(2, default)).ShouldBe(1);
        (await Store.Maintenance.SumUpAsync(2, default)).ShouldBe(0);

        (await Store.Reader.CountAsync(default)).ByState[JobStates.Succeeded].ShouldBe(12);
        (await LinesAsync("select key || value from hangfire.aggregatedcounter order by key")).ShouldBe(["other5", "stats:succeeded12"]);
        (await LinesAsync("select key from hangfire.counter")).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("jobrunner@machine:1:2", "1 second", 1)]
    [InlineData("machine:1:2", "10 minutes", 1)]
    [InlineData("machine:1:2", "1 second", 0)]
    public async Task Counters_are_left_to_a_Hangfire_server_that_lives(string server, string silence, int summedUp)
    {
        await ExecuteAsync($$"""
            insert into hangfire.server (id, data, lastheartbeat) values ('{{server}}', '{}', now() - interval '{{silence}}');
            insert into hangfire.counter (key, value) values ('stats:succeeded', 1)
            """);

        (await Store.Maintenance.SumUpAsync(10, default)).ShouldBe(summedUp);
    }

    [Fact]
    public async Task Notes_go_with_their_job()
    {
        await AddJobAsync(GoodCall);
        await Store.Notes.WriteAsync([new(0, 7, Now, 2, "line")], [new(7, 0.5, null, Now)], default);
        await ExecuteAsync("update hangfire.job set expireat = now() - interval '1 s'");

        (await Store.Maintenance.ExpireAsync(10, default)).ShouldBe(1);

        (await LinesAsync("select jobid::text from jobrunner.log union all select jobid::text from jobrunner.progress")).ShouldBeEmpty();
    }

    [Fact]
    public async Task The_description_has_no_password()
    {
        await using var store = TestStore.Open("Host=db;Port=5433;Database=app;Username=u;Password=hush");

        store.Description.ShouldBe("PostgreSQL at db:5433/app, schema hangfire");
    }

    static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    Task AddJobAsync(string call, string state = JobStates.Enqueued) => ExecuteAsync($"""
        insert into hangfire.job (id, statename, invocationdata, arguments, createdat) values (7, '{state}', {call}, now());
        insert into hangfire.jobqueue (jobid, queue) values (7, 'default')
        """);

    Task ExecuteAsync(string sql) => Sql.ExecuteAsync(ConnectionString, sql);

    Task<List<string>> LinesAsync(string sql) => Sql.LinesAsync(ConnectionString, sql);

    Task<IReadOnlyList<ClaimedJob>> ClaimAsync() => Store.Queue.ClaimAsync(["default"], 100, default);

    static StateChange By(ClaimedJob job, JobState state) => new(job.JobId, job.StateId, job.StateName, [state], job.Invocation?.Queue, job.Claim);

    async Task<long?> ApplyAsync(ClaimedJob job, JobState state) => (await Store.Queue.ApplyAsync([By(job, state)], default))[0];

    [Fact]
    public async Task A_row_that_a_Hangfire_server_took_is_left_to_it_until_the_invisibility_timeout_is_over()
    {
        await Store.Actions.AddAsync([new NewJob(new Invocation("T", "M", [], []), JobState.Enqueued("default", TimeProvider.System.GetUtcNow()), new Dictionary<string, string?>())], default);
        await Sql.ExecuteAsync(ConnectionString, "update hangfire.jobqueue set fetchedat = now()"); // as its native mode does
        await TestStore.PassTimeAsync(ConnectionString, TimeSpan.FromMinutes(5));

        (await Store.Maintenance.RescueAsync(TimeSpan.FromSeconds(30), null, default)).ShouldBe(0);
        await TestStore.PassTimeAsync(ConnectionString, TimeSpan.FromMinutes(26));
        (await Store.Maintenance.RescueAsync(TimeSpan.FromSeconds(30), null, default)).ShouldBe(1);
    }
}
