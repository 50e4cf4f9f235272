using JobRunner.Storage;
using JobRunner.TestSupport;

namespace JobRunner.Postgres.Tests;

/// <summary>Locks that we share with Hangfire's servers.</summary>
public sealed class ResourceLocksTests(PostgresFixture fixture) : StoreTests(fixture)
{
    static readonly ResourceLock _wanted = new("LegacyJobs.Import", 77);


    [Fact]
    public async Task A_lock_is_a_row_with_the_schemas_prefix_that_no_Hangfire_server_takes_for_free()
    {
        await AcquireAsync();

        (await Sql.LinesAsync(ConnectionString, "select concat_ws(' ', resource, updatecount, acquired <= now()) from hangfire.lock"))
            .ShouldBe(["hangfire:LegacyJobs.Import 77 t"]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task A_Hangfire_servers_lock_is_respected_for_ten_minutes(int updateCount)
    {
        await HangfireAcquiresAsync(updateCount, minutesAgo: 9);
        (await AcquireAsync()).ShouldBeEmpty();

        await TestStore.PassTimeAsync(ConnectionString, TimeSpan.FromMinutes(2));
        (await AcquireAsync()).ShouldBe([_wanted]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task A_Hangfire_servers_lock_is_respected_for_as_long_as_the_options_say(int updateCount)
    {
        await using var database = TestStore.OpenDatabase(ConnectionString);
        var locks = new DistributedLocks(database, TimeSpan.FromHours(1), TimeProvider.System);
        await using var store = TestStore.Open(ConnectionString, options => options.DistributedLockTimeout = TimeSpan.FromHours(1));
        await HangfireAcquiresAsync(updateCount, minutesAgo: 59);
        (await store.Locks.AcquireAsync([_wanted], TimeSpan.FromSeconds(30), null, default)).ShouldBeEmpty();
        (await TryUnderLockAsync(locks)).ShouldBeFalse();

        await TestStore.PassTimeAsync(ConnectionString, TimeSpan.FromMinutes(2));
        (await TryUnderLockAsync(locks)).ShouldBeTrue();
        await HangfireAcquiresAsync(updateCount, minutesAgo: 61);
        (await store.Locks.AcquireAsync([_wanted], TimeSpan.FromSeconds(30), null, default)).ShouldBe([_wanted]);
    }

    [Fact]
    public async Task A_lock_that_Hangfire_took_over_is_neither_refreshed_nor_released()
    {
        await AcquireAsync();
        await Sql.ExecuteAsync(ConnectionString, "delete from hangfire.lock");
        await HangfireAcquiresAsync(0, minutesAgo: 1);

        (Store.Locks.Refresh([_wanted])).ShouldBe([_wanted]);
        await Store.Locks.ReleaseAsync([_wanted], default);

        (await Sql.LinesAsync(ConnectionString, "select concat_ws(' ', updatecount, acquired < now() - interval '50 s') from hangfire.lock"))
            .ShouldBe(["0 t"]);
    }

    static Task<bool> TryUnderLockAsync(DistributedLocks locks) =>
        locks.UnderLockAsync("hangfire:LegacyJobs.Import", TimeSpan.Zero, _ => Task.CompletedTask, default);

    Task<IReadOnlyList<ResourceLock>> AcquireAsync() => Store.Locks.AcquireAsync([_wanted], TimeSpan.FromSeconds(30), null, default);

    Task HangfireAcquiresAsync(int updateCount, int minutesAgo) => Sql.ExecuteAsync(ConnectionString,
        $"insert into hangfire.lock (resource, updatecount, acquired) values ('hangfire:LegacyJobs.Import', {updateCount}, now() - interval '{minutesAgo} min')");
}
