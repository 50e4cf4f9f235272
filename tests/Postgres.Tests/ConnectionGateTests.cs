using JobRunner.TestSupport;
using Npgsql;

namespace JobRunner.Postgres.Tests;

public sealed class ConnectionGateTests(PostgresFixture fixture) : IClassFixture<PostgresFixture>
{
    readonly ConnectionGate _gate = new(TimeProvider.System);

    [Fact]
    public async Task Who_holds_a_connection_gets_another_as_many_as_it_takes()
    {
        for (var i = 0; i < 5; i++)
            await _gate.EnterAsync(default);
    }

    [Fact]
    public async Task Who_waits_gets_the_place_of_who_leaves()
    {
        await _gate.EnterAsync(default);
        var next = _gate.EnterAsync(default);
        next.IsCompleted.ShouldBeFalse();
        _gate.Leave();
        await next;

        _gate.Leave();
        _gate.EnterAsync(default).IsCompletedSuccessfully.ShouldBeTrue("there is a place again");
    }

    [Fact]
    public async Task Who_gives_up_holds_up_nobody()
    {
        await _gate.EnterAsync(default);
        using var stop = new CancellationTokenSource();
        var given = _gate.EnterAsync(stop.Token);
        await stop.CancelAsync();
        try
        {
            await given;
            _gate.Leave(); // its turn had come by waiting
        }
        catch (OperationCanceledException)
        {
        }

        _gate.Leave();
        _gate.EnterAsync(default).IsCompletedSuccessfully.ShouldBeTrue();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_connection_that_is_closed_or_broken_leaves_once(bool breaks)
    {
        var isOpen = true;
        await using var source = NpgsqlDataSource.Create(fixture.ConnectionString);
        await _gate.EnterAsync(default);
        var connection = _gate.Watch(await source.OpenConnectionAsync());
        connection.StateChange += (_, _) => isOpen = false;
        if (breaks)
        {
            await using var kill = new NpgsqlCommand("select pg_terminate_backend(pg_backend_pid())", connection);
            await Should.ThrowAsync<PostgresException>(() => kill.ExecuteNonQueryAsync());
        }

        await connection.DisposeAsync();

        isOpen.ShouldBeFalse();
        _gate.EnterAsync(default).IsCompletedSuccessfully.ShouldBeTrue();
        _gate.EnterAsync(default).IsCompletedSuccessfully.ShouldBeFalse("one place came free");
    }

    [Fact]
    public async Task Calls_that_do_not_meet_share_one_connection()
    {
        var database = await PostgresFixture.CreateDatabaseAsync();
        await using var store = TestStore.Open(database);
        await store.InitializeAsync(default);
        for (var i = 0; i < 20; i++)
            await store.Queue.LookAsync(new(["default"]), default);

        (await Sql.ScalarAsync(database, "select count(*) from pg_stat_activity where datname = current_database() and application_name = 'JobRunner'")).ShouldBe(1L);
    }
}
