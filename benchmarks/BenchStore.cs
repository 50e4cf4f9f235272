using JobRunner.TestSupport;
using Npgsql;

namespace JobRunner.Benchmarks;

/// <summary>The store that a scenario runs on.</summary>
abstract class BenchStore : IAsyncDisposable
{
    public const string PostgresHelp = "Connection string of a role that may create databases: the scenario makes one and drops it. Without it a private server is started";
    public const string InMemoryHelp = "Use the in-memory store";

    public abstract string Name { get; }

    public static async Task<BenchStore> OpenAsync(string? postgres, bool inMemory)
    {
        if (inMemory)
            return new InMemoryBenchStore();
        var server = postgres is null ? await PostgresServer.StartAsync() : null;
        return await PostgresBenchStore.CreateAsync(postgres ?? server!.ConnectionString, server);
    }

    public abstract void Use(JobRunnerBuilder jobs);

    /// <summary>Looks into the store after the run; throws when a job's history is not complete.</summary>
    public abstract Task<string> VerifyHistoryAsync(int jobs);

    public abstract ValueTask DisposeAsync();
}

sealed class InMemoryBenchStore : BenchStore
{
    public override string Name => "memory";

    public override void Use(JobRunnerBuilder jobs) => jobs.UseInMemory();

    public override Task<string> VerifyHistoryAsync(int jobs) => Task.FromResult("every job succeeded");

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

/// <summary>A database of its own, on a server that is there or on a private one with default durability.</summary>
sealed class PostgresBenchStore : BenchStore
{
    readonly string _admin;
    readonly string _database;
    readonly PostgresServer? _server;

    PostgresBenchStore(string admin, string database, PostgresServer? server) => (_admin, _database, _server) = (admin, database, server);

    public override string Name => "postgres";

    string ConnectionString => new NpgsqlConnectionStringBuilder(_admin) { Database = _database }.ConnectionString;

    public static async Task<PostgresBenchStore> CreateAsync(string admin, PostgresServer? server)
    {
        var store = new PostgresBenchStore(admin, $"jobrunner_bench_{Environment.ProcessId}", server);
        await Sql.ExecuteAsync(admin, $"create database {store._database}");
        return store;
    }

    public override void Use(JobRunnerBuilder jobs) => jobs.UsePostgres(ConnectionString);

    public override async Task<string> VerifyHistoryAsync(int jobs)
    {
        var whole = await Sql.ScalarAsync(ConnectionString, """
            select count(*) from (
                select jobid from hangfire.state group by jobid
                having array_agg(name order by id) = array['Enqueued', 'Processing', 'Succeeded']) complete
            """);
        var waiting = await Sql.ScalarAsync(ConnectionString, "select count(*) from hangfire.jobqueue");
        return (long)whole! == jobs && (long)waiting! == 0
            ? $"all {jobs:N0} jobs have the full history in table state, and table jobqueue is empty"
            : throw new InvalidOperationException($"{whole} of {jobs} jobs have their full history, and {waiting} rows are in jobqueue.");
    }

    public override async ValueTask DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        await Sql.ExecuteAsync(_admin, $"drop database {_database} with (force)");
        if (_server is not null)
            await _server.DisposeAsync();
    }
}
