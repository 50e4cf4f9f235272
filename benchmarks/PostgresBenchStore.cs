using JobRunner.TestSupport;
using Npgsql;

namespace JobRunner.Benchmarks;

/// <summary>A database of its own, on a server that is there or on a private one with default durability.</summary>
sealed class PostgresBenchStore : BenchStore
{
    readonly string _admin;
    readonly string _database;
    readonly PostgresServer? _server;
    bool _countsStatements;

    PostgresBenchStore(string admin, string database, PostgresServer? server) => (_admin, _database, _server) = (admin, database, server);

    public override string Name => "postgres";

    /// <summary>For what the benchmark itself does there: under this name its connections are not counted.</summary>
    public string ConnectionString => new NpgsqlConnectionStringBuilder(_admin)
    {
        Database = _database,
        ApplicationName = DatabaseMeter.OwnName,
        CommandTimeout = 0,
    }.ConnectionString;

    public static async Task<PostgresBenchStore> OpenAsync(string? postgres)
    {
        var server = postgres is null ? await StartServerAsync() : null;
        try
        {
            return await CreateAsync(postgres ?? server!.ConnectionString, $"jobrunner_bench_{Environment.ProcessId}", server);
        }
        catch (NpgsqlException e) when (postgres is not null)
        {
            throw new BadServerException($"--postgres: no database can be made there: {e.Message}", e);
        }
    }

    /// <summary>One more database on the same server, to be disposed before this one.</summary>
    public Task<PostgresBenchStore> CreateSecondAsync() => CreateAsync(_admin, _database + "_2", null);

    static async Task<PostgresBenchStore> CreateAsync(string admin, string database, PostgresServer? server)
    {
        var store = new PostgresBenchStore(admin, database, server);
        await Sql.ExecuteAsync(admin, $"create database {database}");
        store._countsStatements = await DatabaseMeter.CanCountStatementsAsync(admin);
        return store;
    }

    static Task<PostgresServer> StartServerAsync() => PostgresServer.StartAsync(
        durable: true,
        PostgresServer.HasLibrary(DatabaseMeter.Extension) ? [$"shared_preload_libraries={DatabaseMeter.Extension}"] : []);

    public override void Use(JobRunnerBuilder jobs) =>
        jobs.UsePostgres(new NpgsqlConnectionStringBuilder(_admin) { Database = _database }.ConnectionString);

    public override Task ResetAsync() => Sql.ExecuteAsync(ConnectionString, """
        do $$ begin
            if to_regclass('hangfire.job') is not null then
                truncate hangfire.job, hangfire.state, hangfire.jobparameter, hangfire.jobqueue, hangfire.counter, hangfire.aggregatedcounter
                restart identity;
            end if;
        end $$
        """);

    public override async Task<DatabaseMeter?> StartMeterAsync(TimeSpan period) =>
        await DatabaseMeter.StartAsync(_admin, _database, _countsStatements, _server?.ProcessId, period);

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
