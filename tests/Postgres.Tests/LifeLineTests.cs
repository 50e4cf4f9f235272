using JobRunner.Storage;
using JobRunner.TestSupport;

namespace JobRunner.Postgres.Tests;

/// <summary>Signs of life on the connection that listens.</summary>
public sealed class LifeLineTests : IAsyncLifetime, IDisposable
{
    const string Backends = "select pid::text from pg_stat_activity where datname = current_database() and application_name = 'JobRunner listener'";
    static readonly ServerInfo _worker = new("jobrunner@a", ["default"], 1, default, default);

    readonly CancellationTokenSource _stop = new();
    string _database = "";
    PostgresJobStore _store = null!;
    Task _listening = Task.CompletedTask;
    int _signals;

    public async Task InitializeAsync()
    {
        _database = await PostgresFixture.CreateDatabaseAsync();
        _store = TestStore.Open(_database);
        await _store.InitializeAsync(default);
        _listening = _store.Queue.ListenAsync(_ => Interlocked.Increment(ref _signals), _stop.Token);
        await Eventually.HoldsAsync(() => Volatile.Read(ref _signals) > 0);
    }

    public async Task DisposeAsync()
    {
        await _stop.CancelAsync();
        await _listening;
        await _store.DisposeAsync();
    }

    public void Dispose() => _stop.Dispose();

    [Fact(Timeout = 60_000)]
    public async Task A_worker_tells_that_it_lives_on_the_connection_that_listens_and_goes_on_hearing()
    {
        _store.Servers.Announce(_worker, TimeSpan.FromSeconds(1));
        _store.Queue.Renew([new Lease(1, new Claim(1, 1), 1)]).Count.ShouldBe(1);

        (await Sql.ScalarAsync(_database, "select count(*) from pg_stat_activity where datname = current_database() and query like '%hangfire.server%' and application_name = 'JobRunner'")).ShouldBe(0L);
        var before = Volatile.Read(ref _signals);
        await Sql.ExecuteAsync(_database, "notify new_job");
        await Eventually.HoldsAsync(() => Volatile.Read(ref _signals) > before);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_sign_of_life_goes_elsewhere_when_nothing_listens()
    {
        await _stop.CancelAsync();
        await _listening;

        _store.Servers.Announce(_worker, TimeSpan.FromSeconds(1));

        (await _store.Servers.ListAsync(default)).ShouldHaveSingleItem();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_listener_whose_connection_a_sign_of_life_has_found_broken_listens_anew()
    {
        var pid = (await Sql.LinesAsync(_database, Backends)).ShouldHaveSingleItem();
        var before = Volatile.Read(ref _signals);
        await Sql.ExecuteAsync(_database, $"select pg_terminate_backend({pid})");

        await Eventually.HoldsAsync(() => Volatile.Read(ref _signals) > before);
        _store.Servers.Announce(_worker, TimeSpan.FromSeconds(1));
        (await Sql.LinesAsync(_database, Backends)).ShouldHaveSingleItem().ShouldNotBe(pid);
    }
}
