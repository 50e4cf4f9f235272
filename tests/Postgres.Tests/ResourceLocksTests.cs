using JobRunner.Storage;
using JobRunner.TestSupport;

namespace JobRunner.Postgres.Tests;

/// <summary>Locks that we share with Hangfire's servers.</summary>
public sealed class ResourceLocksTests(PostgresFixture fixture) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    static readonly ResourceLock _wanted = new("LegacyJobs.Import", 77);

    PostgresJobStore _store = null!;

    public async Task InitializeAsync()
    {
        _store = await TestStore.CreateAsync(fixture.ConnectionString);
        await _store.InitializeAsync(default);
    }

    public async Task DisposeAsync() => await _store.DisposeAsync();

    [Fact]
    public async Task A_lock_is_a_row_with_the_schemas_prefix_that_no_Hangfire_server_takes_for_free()
    {
        await AcquireAsync();

        (await TestStore.LinesAsync(fixture.ConnectionString, "select concat_ws(' ', resource, updatecount, acquired <= now()) from hangfire.lock"))
            .ShouldBe(["hangfire:LegacyJobs.Import 77 t"]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task A_Hangfire_servers_lock_is_respected_for_ten_minutes(int updateCount)
    {
        await HangfireAcquiresAsync(updateCount, minutesAgo: 9);
        (await AcquireAsync()).ShouldBeEmpty();

        await TestStore.PassTimeAsync(fixture.ConnectionString, TimeSpan.FromMinutes(2));
        (await AcquireAsync()).ShouldBe([_wanted]);
    }

    [Fact]
    public async Task A_lock_that_Hangfire_took_over_is_neither_refreshed_nor_released()
    {
        await AcquireAsync();
        await TestStore.ExecuteAsync(fixture.ConnectionString, "delete from hangfire.lock");
        await HangfireAcquiresAsync(0, minutesAgo: 1);

        (await _store.RefreshLocksAsync([_wanted], default)).ShouldBe([_wanted]);
        await _store.ReleaseLocksAsync([_wanted], default);

        (await TestStore.LinesAsync(fixture.ConnectionString, "select concat_ws(' ', updatecount, acquired < now() - interval '50 s') from hangfire.lock"))
            .ShouldBe(["0 t"]);
    }

    Task<IReadOnlyList<ResourceLock>> AcquireAsync() => _store.AcquireLocksAsync([_wanted], TimeSpan.FromSeconds(30), default);

    Task HangfireAcquiresAsync(int updateCount, int minutesAgo) => TestStore.ExecuteAsync(fixture.ConnectionString,
        $"insert into hangfire.lock (resource, updatecount, acquired) values ('hangfire:LegacyJobs.Import', {updateCount}, now() - interval '{minutesAgo} min')");
}
