using JobRunner.TestSupport;

namespace JobRunner.Postgres.Tests;

/// <summary>Hangfire's locks, with others of us and with Hangfire's own servers on the other side.</summary>
public sealed class LockTests(PostgresFixture fixture) : StoreTests(fixture)
{
    const string Name = "hangfire:locks:schedulepoller";
    const string TheirsSql = $"insert into hangfire.lock (resource, acquired) values ('{Name}', now())";

    readonly Database _database = TestStore.OpenDatabase(fixture.ConnectionString);
    int _runs;

    DistributedLocks Locks => new(_database, TimeSpan.FromMinutes(10), TimeProvider.System);

    public override async Task DisposeAsync()
    {
        await _database.DisposeAsync();
        await base.DisposeAsync();
    }

    [Fact]
    public async Task A_free_lock_is_there_during_the_work_and_gone_after_it()
    {
        var during = "";

        var done = await Locks.UnderLockAsync(Name, TimeSpan.Zero, async connection =>
        {
            await using var command = new Npgsql.NpgsqlCommand("select resource || ' ' || updatecount from hangfire.lock", connection);
            during = (string)(await command.ExecuteScalarAsync())!;
        }, default);

        done.ShouldBeTrue();
        during.ShouldBe($"{Name} 1");
        (await LocksAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Work_that_fails_leaves_neither_lock_nor_changes()
    {
        await Should.ThrowAsync<InvalidOperationException>(() => Locks.UnderLockAsync(
            Name, TimeSpan.Zero, _ => throw new InvalidOperationException("boom"), default));

        (await LocksAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_lock_that_a_server_keeps_is_not_taken_from_it()
    {
        await Sql.ExecuteAsync(ConnectionString, TheirsSql);

        (await RunAsync(TimeSpan.Zero)).ShouldBeFalse();
        (await RunAsync(TimeSpan.FromMilliseconds(100))).ShouldBeFalse();

        _runs.ShouldBe(0);
        (await LocksAsync()).ShouldBe([Name]);
    }

    [Fact]
    public async Task When_the_server_lets_go_the_work_begins()
    {
        await Sql.ExecuteAsync(ConnectionString, TheirsSql);
        var waiting = RunAsync(TimeSpan.FromSeconds(30));
        (await Task.WhenAny(waiting, PauseAsync(100))).ShouldNotBe(waiting);

        await Sql.ExecuteAsync(ConnectionString, "delete from hangfire.lock");

        (await waiting).ShouldBeTrue();
        _runs.ShouldBe(1);
    }

    [Fact]
    public async Task The_lock_of_a_server_that_died_is_taken_over_after_ten_minutes()
    {
        await Sql.ExecuteAsync(ConnectionString, TheirsSql);
        await Sql.ExecuteAsync(ConnectionString, "update hangfire.lock set acquired = now() - interval '601 seconds'");

        (await RunAsync(TimeSpan.Zero)).ShouldBeTrue();

        (await LocksAsync()).ShouldBeEmpty();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_server_that_wants_our_lock_waits_for_our_commit_and_has_it_then()
    {
        Task theirs = Task.CompletedTask;

        await Locks.UnderLockAsync(Name, TimeSpan.Zero, async _ =>
        {
            theirs = Sql.ExecuteAsync(ConnectionString, TheirsSql + " on conflict do nothing");
            (await Task.WhenAny(theirs, PauseAsync(200))).ShouldNotBe(theirs);
        }, default);

        await theirs;
        (await LocksAsync()).ShouldBe([Name]);
    }

    [Fact(Timeout = 60_000)]
    public async Task One_of_us_that_waits_for_another_gives_up_in_time()
    {
        await Locks.UnderLockAsync(Name, TimeSpan.Zero, async _ =>
            (await RunAsync(TimeSpan.FromMilliseconds(100))).ShouldBeFalse(), default);

        _runs.ShouldBe(0);
    }

    [Fact(Timeout = 60_000)]
    public async Task Of_many_at_once_one_works_at_a_time()
    {
        var inside = 0;
        var most = 0;

        var done = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => Locks.UnderLockAsync(Name, TimeSpan.FromSeconds(30), async _ =>
        {
            most = Math.Max(most, Interlocked.Increment(ref inside));
            await PauseAsync(2);
            Interlocked.Decrement(ref inside);
        }, default)));

        done.ShouldAllBe(worked => worked);
        most.ShouldBe(1);
    }

    [Fact(Timeout = 60_000)]
    public async Task The_time_limit_for_the_lock_is_none_for_the_work()
    {
        var limit = "";

        await Locks.UnderLockAsync(Name, TimeSpan.Zero, async connection =>
        {
            await using var command = new Npgsql.NpgsqlCommand("show lock_timeout", connection);
            limit = (string)(await command.ExecuteScalarAsync())!;
        }, default);

        limit.ShouldBe("0");
    }

    Task<bool> RunAsync(TimeSpan timeout) => Locks.UnderLockAsync(Name, timeout, _ =>
    {
        _runs++;
        return Task.CompletedTask;
    }, default);

    static Task PauseAsync(int milliseconds) => Task.Delay(TimeSpan.FromMilliseconds(milliseconds), TimeProvider.System, CancellationToken.None);

    Task<List<string>> LocksAsync() => Sql.LinesAsync(ConnectionString, "select resource from hangfire.lock");
}
