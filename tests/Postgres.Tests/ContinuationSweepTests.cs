using JobRunner.Storage;
using JobRunner.TestSupport;

namespace JobRunner.Postgres.Tests;

/// <summary>Jobs that wait for a job that has ended: made by a client that was slower, or left by a worker that died.</summary>
public sealed class ContinuationSweepTests(PostgresFixture fixture) : StoreTests(fixture)
{
    HandMadeHangfire _hangfire = null!;

    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        _hangfire = HandMadeHangfire.Open(ConnectionString);
    }

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        await _hangfire.DisposeAsync();
    }

    [Fact]
    public async Task A_continuation_that_its_client_is_still_making_is_released_when_it_is_made()
    {
        var parent = await AddAsync();
        var child = await _hangfire.AddChildAsync();
        await _hangfire.ListAsync(parent, child);
        (await Store.Maintenance.ReleaseAwaitingAsync(100, default)).ShouldBe(0);
        await SucceedAsync();

        (await Store.Maintenance.ReleaseAwaitingAsync(100, default)).ShouldBe(1, "it is looked at again");
        await _hangfire.GiveStateAsync(parent, child, late: false);
        (await Store.Maintenance.ReleaseAwaitingAsync(100, default)).ShouldBe(1);

        await StateShouldBeAsync(child, JobStates.Enqueued);
        (await Store.Maintenance.ReleaseAwaitingAsync(100, default)).ShouldBe(0);
    }

    [Fact]
    public async Task A_continuation_that_nobody_finishes_making_is_given_up()
    {
        var parent = await AddAsync();
        var child = await _hangfire.AddChildAsync();
        await _hangfire.ListAsync(parent, child);
        await SucceedAsync();
        (await Store.Maintenance.ReleaseAwaitingAsync(100, default)).ShouldBe(1);

        await ExecuteAsync($"update hangfire.job set createdat = now() - interval '16 minutes' where id = {child}");

        (await Store.Maintenance.ReleaseAwaitingAsync(100, default)).ShouldBe(0);
    }

    [Fact]
    public async Task What_a_dead_worker_left_is_released_by_another_one()
    {
        var parent = await AddAsync();
        var child = (await _hangfire.AddContinuationAsync(parent)).Child;
        await ExecuteAsync($"update hangfire.job set statename = 'Succeeded' where id = {parent}");

        await using var other = TestStore.Open(ConnectionString);
        (await other.Maintenance.ReleaseAwaitingAsync(100, default)).ShouldBe(1);

        await StateShouldBeAsync(child, JobStates.Enqueued);
        (await SetAsync()).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(ContinuationOptions.OnAnyFinishedState, JobStates.Enqueued)]
    [InlineData(ContinuationOptions.OnlyOnSucceededState, JobStates.Deleted)]
    public async Task A_continuation_whose_parent_is_gone_runs_only_if_any_end_will_do(ContinuationOptions options, string expected)
    {
        var parent = await AddAsync();
        var awaiting = JobState.Awaiting(parent, options, AwaitingState.NextEnqueued(), Now);
        var child = (await Store.Actions.AddContinuationsAsync(parent, [Job(awaiting)], default))[0];
        await ExecuteAsync($"delete from hangfire.job where id = {parent}");

        (await Store.Maintenance.ReleaseAwaitingAsync(100, default)).ShouldBe(1);

        await StateShouldBeAsync(child, expected);
    }

    [Fact]
    public async Task Entries_of_jobs_that_do_not_wait_are_removed()
    {
        var parent = await AddAsync();
        var child = (await _hangfire.AddContinuationAsync(parent)).Child;
        await ExecuteAsync($"""
            insert into hangfire.set (key, score, value) values
                ('awaiting', 1, 'nonsense'), ('awaiting', 1, '987654'), ('awaiting', 1, '{parent}'), ('awaiting', 1, '99999999999999999999')
            """);

        (await Store.Maintenance.ReleaseAwaitingAsync(100, default)).ShouldBe(0);

        (await SetAsync()).ShouldBe([$"{child}"]);
    }

    [Fact]
    public async Task Many_that_wait_are_looked_at_page_by_page_and_again_from_the_start_by_all_workers_together()
    {
        await using var other = TestStore.Open(ConnectionString);
        var waiting = await AddAsync();
        var ended = await AddAsync();
        for (var i = 0; i < 12; i++)
            await _hangfire.AddContinuationAsync(i % 6 == 0 ? ended : waiting);
        await ExecuteAsync($"update hangfire.job set statename = 'Succeeded' where id = {ended}");

        var released = 0;
        for (var page = 0; page < 4; page++)
            released += await (page % 2 == 0 ? Store : other).Maintenance.ReleaseAwaitingAsync(4, default);
        released.ShouldBe(2);

        var late = (await _hangfire.AddContinuationAsync(waiting)).Child;
        await ExecuteAsync($"update hangfire.job set statename = 'Deleted' where id = {waiting}");
        for (var page = 0; page < 8; page++)
            await Store.Maintenance.ReleaseAwaitingAsync(4, default);
        await StateShouldBeAsync(late, JobStates.Deleted);
        (await SetAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_list_of_continuations_that_cannot_be_read_does_not_keep_its_parent_from_ending()
    {
        var parent = await AddAsync();
        var child = (await _hangfire.AddContinuationAsync(parent)).Child;
        await ExecuteAsync("update hangfire.jobparameter set value = 'nonsense' where name = 'Continuations'");

        await SucceedAsync();

        await StateShouldBeAsync(parent, JobStates.Succeeded);
        (await Store.Maintenance.ReleaseAwaitingAsync(100, default)).ShouldBe(1);
        await StateShouldBeAsync(child, JobStates.Enqueued);
    }

    [Fact(Timeout = 60_000)]
    public async Task Many_that_wait_for_one_job_are_released_in_transactions_of_a_thousand_and_the_sweep_finds_what_a_crash_between_them_left()
    {
        const int children = 2500;
        var parent = await AddAsync();
        var awaiting = JobState.Awaiting(parent, ContinuationOptions.OnlyOnSucceededState, AwaitingState.NextEnqueued(), Now);
        var ids = await Store.Actions.AddContinuationsAsync(parent, [.. Enumerable.Repeat(Job(awaiting), children)], default);
        await ExecuteAsync($"""
            create function hangfire.crash() returns trigger language plpgsql as $$ begin raise exception 'crash'; end $$;
            create trigger crash before insert on hangfire.state for each row when (new.jobid = {ids[1500]}) execute function hangfire.crash()
            """);
        await SucceedAsync();
        (await TransactionsAsync()).ShouldBe(["1000"], "the second one failed, and the parent has ended all the same");
        await StateShouldBeAsync(parent, JobStates.Succeeded);
        await ExecuteAsync("drop function hangfire.crash() cascade");

        (await Store.Maintenance.ReleaseAwaitingAsync(5000, default)).ShouldBe(1500);

        (await TransactionsAsync()).ShouldBe(["1000", "1000", "500"]);
        (await SetAsync()).ShouldBeEmpty();
    }

    // The rows that one transaction has written bear its number.
    Task<List<string>> TransactionsAsync() => Sql.LinesAsync(ConnectionString,
        "select count(*)::text from hangfire.state where name = 'Enqueued' and jobid <> (select min(id) from hangfire.job) group by xmin::text order by count(*) desc");

    [Fact]
    public async Task A_job_that_has_ended_does_not_expire_before_what_waits_for_it_is_released()
    {
        var parent = await AddAsync();
        var child = (await _hangfire.AddContinuationAsync(parent)).Child;
        await ExecuteAsync($"update hangfire.job set statename = 'Succeeded', expireat = now() - interval '1 hour' where id = {parent}");

        (await Store.Maintenance.ExpireAsync(100, default)).ShouldBe(0);
        (await Store.Maintenance.ReleaseAwaitingAsync(100, default)).ShouldBe(1);
        await StateShouldBeAsync(child, JobStates.Enqueued);
        (await Store.Maintenance.ExpireAsync(100, default)).ShouldBe(1);
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("[{\"JobId\":\"999999999999999999\"}, {\"JobId\": 7}]")]
    [InlineData("[{\"JobId\":\"99999999999999999999999\"}]")]
    public async Task A_list_of_continuations_that_cannot_be_read_keeps_no_job(string list)
    {
        var parent = await AddAsync();
        await ExecuteAsync($"""
            update hangfire.job set statename = 'Succeeded', expireat = now() - interval '1 hour' where id = {parent};
            insert into hangfire.jobparameter (jobid, name, value) values ({parent}, 'Continuations', '{list}')
            """);

        (await Store.Maintenance.ExpireAsync(100, default)).ShouldBe(1);
    }

    static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    static NewJob Job(JobState state) => new(new Invocation("T, A", "M", [], []), state, new Dictionary<string, string?>());

    async Task<long> AddAsync() => (await Store.Actions.AddAsync([Job(JobState.Enqueued("default", Now))], default))[0];

    async Task SucceedAsync()
    {
        var job = (await Store.Queue.ClaimAsync(["default"], 1, default)).ShouldHaveSingleItem();
        var end = JobState.Succeeded(Now, default, default, null);
        (await Store.Queue.ApplyAsync([new(job.JobId, job.StateId, job.StateName, [end], null, job.Claim)], default))[0].ShouldNotBeNull();
    }

    async Task StateShouldBeAsync(long id, string state) => (await Store.Reader.GetAsync(id, default))!.State!.Name.ShouldBe(state);

    Task ExecuteAsync(string sql) => Sql.ExecuteAsync(ConnectionString, sql);

    Task<List<string>> SetAsync() => Sql.LinesAsync(ConnectionString, "select value from hangfire.set");
}
