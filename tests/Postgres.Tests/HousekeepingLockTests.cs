using JobRunner.Storage;
using JobRunner.TestSupport;

namespace JobRunner.Postgres.Tests;

/// <summary>Work that is shared with Hangfire's servers is done under their locks.</summary>
public sealed class HousekeepingLockTests(PostgresFixture fixture) : StoreTests(fixture)
{
    [Fact(Timeout = 30_000)]
    public async Task While_a_Hangfire_server_enqueues_scheduled_jobs_we_leave_them_to_it()
    {
        var now = TimeProvider.System.GetUtcNow();
        await Store.Actions.AddAsync([new NewJob(new Invocation("T", "M", [], []), JobState.Scheduled(now, now), new Dictionary<string, string?>())], default);
        await LockAsync("hangfire:locks:schedulepoller");

        (await Store.Maintenance.EnqueueDueAsync(10, default)).ShouldBe(0);
        await UnlockAsync();
        (await Store.Maintenance.EnqueueDueAsync(10, default)).ShouldBe(1);
        await NoLockShouldRemainAsync();
    }

    [Fact(Timeout = 30_000)]
    public async Task While_a_Hangfire_server_removes_expired_rows_we_leave_them_to_it()
    {
        var now = TimeProvider.System.GetUtcNow();
        var ids = await Store.Actions.AddAsync([new NewJob(new Invocation("T", "M", [], []), JobState.Enqueued("default", now), new Dictionary<string, string?>())], default);
        await Store.Actions.DeleteAsync(ids, null, default);
        await TestStore.PassTimeAsync(ConnectionString, TimeSpan.FromDays(2));
        await LockAsync("locks:expirationmanager");

        (await Store.Maintenance.ExpireAsync(10, default)).ShouldBe(0);
        await UnlockAsync();
        (await Store.Maintenance.ExpireAsync(10, default)).ShouldBe(1);
        await NoLockShouldRemainAsync();
    }

    Task LockAsync(string resource) => Sql.ExecuteAsync(ConnectionString,
        $"insert into hangfire.lock (resource, updatecount, acquired) values ('{resource}', 1, now())");

    Task UnlockAsync() => Sql.ExecuteAsync(ConnectionString, "delete from hangfire.lock");

    async Task NoLockShouldRemainAsync() =>
        (await Sql.LinesAsync(ConnectionString, "select resource from hangfire.lock")).ShouldBeEmpty();
}
