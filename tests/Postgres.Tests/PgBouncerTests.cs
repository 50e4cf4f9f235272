using JobRunner.Storage;
using JobRunner.TestSupport;
using Npgsql;

namespace JobRunner.Postgres.Tests;

/// <summary>The pooler that other tests rely on is one in transaction mode, and ends with its test.</summary>
public sealed class PgBouncerTests(PostgresFixture fixture) : IClassFixture<PostgresFixture>
{
    [Fact(Timeout = 60_000)]
    public async Task Connections_share_a_session_of_the_server_between_their_transactions()
    {
        string connectionString;
        await using (var pooler = await PgBouncer.StartAsync(fixture.ConnectionString, poolSize: 1))
        {
            connectionString = pooler.ConnectionString;
            await using var one = await OpenAsync(connectionString);
            await using var other = await OpenAsync(connectionString);
            (await SessionAsync(one)).ShouldBe(await SessionAsync(other));
        }

        await Should.ThrowAsync<NpgsqlException>(() => OpenAsync(connectionString));
    }

    [Fact(Timeout = 120_000)]
    public async Task Several_stores_work_through_it_at_once()
    {
        await using var pooler = await PgBouncer.StartAsync(fixture.ConnectionString, poolSize: 3);
        await using var direct = await TestStore.CreateAsync(fixture.ConnectionString);
        await direct.InitializeAsync(default);
        PostgresJobStore[] stores = [.. Enumerable.Range(0, 4).Select(_ => TestStore.Open(pooler.ConnectionString))];
        using var stop = new CancellationTokenSource();
        var listening = stores.Select(store => store.Queue.ListenAsync(_ => { }, stop.Token)).ToArray();

        await Task.WhenAll(stores.Select((store, n) => Task.Run(() => WorkAsync(store, n))));

        (await direct.Reader.CountAsync(default)).ByState["Succeeded"].ShouldBe(4 * 30 * 5);
        (await Sql.ScalarAsync(fixture.ConnectionString, "select count(*) from pg_prepared_statements")).ShouldBe(0L);
        listening.ShouldAllBe(task => !task.IsCompleted);
        await stop.CancelAsync();
        await Task.WhenAll(listening);
        foreach (var store in stores)
            await store.DisposeAsync();
    }

    [Fact(Timeout = 60_000)]
    public async Task What_the_connection_string_says_of_prepared_statements_is_left_as_it_is()
    {
        await using var pooler = await PgBouncer.StartAsync(fixture.ConnectionString, poolSize: 1);
        await using var given = new ConnectionSource(pooler.ConnectionString + ";Max Auto Prepare=7", looks: false, () => throw new InvalidOperationException("not asked"));
        await using var looking = new ConnectionSource(pooler.ConnectionString + ";Max Auto Prepare=7", looks: true, () => { });
        await using var direct = new ConnectionSource(fixture.ConnectionString + ";Max Auto Prepare=7", looks: true, () => throw new InvalidOperationException("there is none"));

        foreach (var (source, expected) in new[] { (given, "7"), (looking, "0"), (direct, "7") })
        {
            await using var connection = await source.OpenAsync(default);
            using var again = source.Open();
            foreach (var opened in new[] { connection, again })
                $"{new NpgsqlConnectionStringBuilder(opened.ConnectionString).MaxAutoPrepare}".ShouldBe(expected);
        }
    }

    // All that a worker does often enough for a statement to be prepared.
    static async Task WorkAsync(PostgresJobStore store, int n)
    {
        await store.InitializeAsync(default);
        for (var round = 0; round < 30; round++)
        {
            await store.Actions.AddAsync([.. Enumerable.Range(0, 5).Select(_ => new NewJob(
                new Invocation("T, A", "M", [], []), JobState.Enqueued($"q{n}", Now), new Dictionary<string, string?>()))], default);
            await store.Queue.LookAsync(new([$"q{n}"]), default);
            var jobs = await store.Queue.ClaimAsync([$"q{n}"], 10, default);
            store.Servers.Announce(new ServerInfo($"jobrunner@test:{n}:1", [$"q{n}"], 1, Now, Now), TimeSpan.FromSeconds(30));
            await store.Queue.ApplyAsync([.. jobs.Select(job => new StateChange(job.JobId, job.StateId, job.StateName,
                [JobState.Processing("jobrunner@test:1:1", "28fc439f-78dc", Now), JobState.Succeeded(Now, default, default, null)], null, job.Claim))], default);
            await store.Maintenance.RescueAsync(TimeSpan.FromMinutes(1), null, default);
        }
    }

    static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    static async Task<NpgsqlConnection> OpenAsync(string connectionString)
    {
        var connection = new NpgsqlConnection(connectionString + ";Pooling=false");
        await connection.OpenAsync();
        return connection;
    }

    static async Task<object?> SessionAsync(NpgsqlConnection connection)
    {
        await using var command = new NpgsqlCommand("select pg_backend_pid()", connection);
        return await command.ExecuteScalarAsync();
    }
}
