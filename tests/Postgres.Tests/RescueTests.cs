using System.Globalization;
using JobRunner.Storage;
using JobRunner.TestSupport;

namespace JobRunner.Postgres.Tests;

/// <summary>A rescue counts the deaths first, and takes back in a second statement.</summary>
public sealed class RescueTests(PostgresFixture fixture) : StoreTests(fixture)
{
    static readonly TimeSpan _silence = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task What_comes_to_look_abandoned_after_the_count_waits_for_the_next_one()
    {
        var now = TimeProvider.System.GetUtcNow();
        var call = new Invocation("Shop.Contracts.StaticJobs, Shop.Contracts", "Echo", ["System.String"], ["\"x\""]);
        await Store.Actions.AddAsync([new(call, JobState.Enqueued("default", now), new Dictionary<string, string?>())], default);
        (await Store.Queue.ClaimAsync(["default"], 1, default)).Count.ShouldBe(1);

        await using var database = TestStore.OpenDatabase(ConnectionString);
        var rescue = new JobRescue(database, TimeSpan.FromMinutes(30));
        var counted = await rescue.CountDeathsAsync(_silence, null, default);
        await Sql.ExecuteAsync(ConnectionString, $"update hangfire.jobqueue set fetchedat = timestamptz '{counted.ToString("O", CultureInfo.InvariantCulture)}' - interval '29.99 s'");
        await Eventually.HoldsAsync(() => TimeProvider.System.GetUtcNow() - counted > TimeSpan.FromMilliseconds(100));
        (await rescue.RescueCountedAsync(counted, _silence, null, default)).ShouldBe(0);

        (await Store.Maintenance.RescueAsync(_silence, null, default)).ShouldBe(1);
        (await Store.Queue.ClaimAsync(["default"], 1, default)).ShouldHaveSingleItem().Parameters[WorkerDeaths.Parameter].ShouldNotBeNull();
    }
}
