using JobRunner.TestSupport;
using Npgsql;

namespace JobRunner.Benchmarks;

/// <summary>A database of its own, on a server that is there or on a private one with default durability.</summary>
sealed partial class PostgresBenchStore : BenchStore
{
    readonly string _admin;
    readonly string _database;
    readonly PostgresServer? _server;
    bool _countsStatements;
    PgBouncer? _pooler;

    PostgresBenchStore(string admin, string database, PostgresServer? server) => (_admin, _database, _server) = (admin, database, server);

    public override string Name => "postgres";

    /// <summary>For what the benchmark itself does there: under this name its connections are not counted.</summary>
    public string ConnectionString => new NpgsqlConnectionStringBuilder(_admin)
    {
        Database = _database,
        ApplicationName = DatabaseMeter.OwnName,
        CommandTimeout = 0,
    }.ConnectionString;

    /// <param name="postgres">Connection string of a server that is there; null for a private one.</param>
    /// <param name="connections">How many connections a private one allows.</param>
    public static async Task<PostgresBenchStore> OpenAsync(string? postgres, int connections = 200)
    {
        var server = postgres is null ? await StartServerAsync(connections) : null;
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

    static Task<PostgresServer> StartServerAsync(int connections) => PostgresServer.StartAsync(
        durable: true,
        [$"max_connections={connections}",
         .. PostgresServer.HasLibrary(DatabaseMeter.Extension) ? [$"shared_preload_libraries={DatabaseMeter.Extension}"] : Array.Empty<string>()]);

    /// <summary>Puts a pooler of this machine between the server and all hosts that are built from now on.</summary>
    /// <param name="serverConnections">How many connections to the server it makes at most.</param>
    /// <param name="clientConnections">How many it takes at most.</param>
    public async Task UsePgBouncerAsync(int serverConnections, int clientConnections) =>
        _pooler = await PgBouncer.StartAsync(_admin, serverConnections, clientConnections);

    /// <summary>Whether hosts that are built from now on keep the history of executions.</summary>
    public bool KeepsHistory { get; set; }

    /// <summary>For workers and clients.</summary>
    public string WorkerConnectionString => new NpgsqlConnectionStringBuilder(_pooler?.ConnectionString ?? _admin) { Database = _database }.ConnectionString;

    public override void Use(JobRunnerBuilder jobs) => jobs.UsePostgres(
        WorkerConnectionString, options => options.History = KeepsHistory ? TimeSpan.FromDays(30) : null);

    /// <summary>A connection for statements of our own that are measured: prepared when they come again, and on indexes only, as the
    /// engine has its own (the tables have just been filled, and nobody has analyzed them).</summary>
    public async Task<NpgsqlConnection> OpenBareAsync(CancellationToken cancellationToken)
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(_admin)
        {
            Database = _database,
            ApplicationName = "bare",
            Pooling = false,
            CommandTimeout = 0,
            MaxAutoPrepare = 50,
            AutoPrepareMinUsages = 2,
            Options = "-c enable_seqscan=off -c enable_bitmapscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c enable_sort=off -c jit=off",
        }.ConnectionString);
        await connection.OpenAsync(cancellationToken);
        return connection;
    }

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

    public override async ValueTask DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        if (_pooler is not null)
            await _pooler.DisposeAsync();
        await Sql.ExecuteAsync(_admin, $"drop database {_database} with (force)");
        if (_server is not null)
            await _server.DisposeAsync();
    }
}
