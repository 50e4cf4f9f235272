using JobRunner.TestSupport;
using Npgsql;

namespace JobRunner.Benchmarks;

/// <summary>
/// What a stretch of a run costs the server. It asks from another database, so that its own questions are not counted; what
/// else the benchmark does in the measured one bears <see cref="OwnName"/>.
/// </summary>
sealed class DatabaseMeter : IAsyncDisposable
{
    public const string Extension = "pg_stat_statements";
    public const string OwnName = "benchmark";

    const string StatementsSql = $"""
        select coalesce(sum(s.calls), 0)::bigint from {Extension} s join pg_database d on d.oid = s.dbid
        where d.datname = $1 and s.query not like '%/* {OwnName} */%'
        """;

    const string ServerSql = """
        select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8, xact_commit + xact_rollback
        from pg_stat_database where datname = $1
        """;

    const string ConnectionsSql = $"""
        select count(*)::int from pg_stat_activity
        where datname = $1 and backend_type = 'client backend' and application_name <> '{OwnName}'
        """;

    readonly NpgsqlConnection _connection;
    readonly string _database;
    readonly bool _countsStatements;
    readonly int? _postmaster;
    readonly TimeSpan _period;
    readonly CancellationTokenSource _stopping = new();
    Task _watching = Task.CompletedTask;
    Readings _before = null!;
    int _connections;

    DatabaseMeter(NpgsqlConnection connection, string database, bool countsStatements, int? postmaster, TimeSpan period) =>
        (_connection, _database, _countsStatements, _postmaster, _period) = (connection, database, countsStatements, postmaster, period);

    /// <summary>Creates the extension where it can be had; it is of no use unless the server has preloaded it.</summary>
    public static async Task<bool> CanCountStatementsAsync(string admin)
    {
        try
        {
            await Sql.ExecuteAsync(admin, $"create extension if not exists {Extension}");
            await Sql.ScalarAsync(admin, $"select count(*) from {Extension}");
            return true;
        }
        catch (PostgresException)
        {
            return false;
        }
    }

    /// <param name="admin">Connection string of another database of the server.</param>
    /// <param name="database">The measured one.</param>
    /// <param name="countsStatements">Whether the extension is there.</param>
    /// <param name="postmaster">The server's first process, when it is one of this machine.</param>
    /// <param name="period">How often to count the connections.</param>
    public static async Task<DatabaseMeter> StartAsync(string admin, string database, bool countsStatements, int? postmaster, TimeSpan period)
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(admin) { ApplicationName = OwnName, Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        var meter = new DatabaseMeter(connection, database, countsStatements, postmaster, period);
        meter._before = await meter.ReadAsync();
        meter._watching = meter.WatchAsync();
        return meter;
    }

    public async Task<DatabaseUsage> StopAsync()
    {
        await _stopping.CancelAsync();
        await _watching;
        var after = await ReadAsync();
        return new DatabaseUsage(
            after.Statements - _before.Statements, after.Transactions - _before.Transactions, after.WalBytes - _before.WalBytes,
            after.Cpu - _before.Cpu, Math.Max(_connections, after.Connections));
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _watching;
        await _connection.DisposeAsync();
        _stopping.Dispose();
    }

    async Task WatchAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            _connections = Math.Max(_connections, await CountConnectionsAsync());
            await Task.Delay(_period, TimeProvider.System, _stopping.Token).ContinueWith(static _ => { }, TaskScheduler.Default);
        }
    }

    async Task<int> CountConnectionsAsync()
    {
        await using var command = Command(ConnectionsSql);
        return (int)(await command.ExecuteScalarAsync())!;
    }

    async Task<Readings> ReadAsync()
    {
        long? statements = null;
        if (_countsStatements)
        {
            await using var command = Command(StatementsSql);
            statements = (long)(await command.ExecuteScalarAsync())!;
        }

        var connections = await CountConnectionsAsync();
        await using var server = Command(ServerSql);
        await using var reader = await server.ExecuteReaderAsync();
        await reader.ReadAsync();
        return new Readings(
            statements, reader.GetInt64(1), reader.GetDouble(0), _postmaster is { } first ? ProcessTree.CpuOf(first) : null, connections);
    }

    NpgsqlCommand Command(string sql) => new(sql, _connection) { Parameters = { new() { Value = _database } } };

    sealed record Readings(long? Statements, long Transactions, double WalBytes, TimeSpan? Cpu, int Connections);
}

/// <summary>What a stretch of a run has cost the server; null is what it does not tell.</summary>
sealed record DatabaseUsage(long? Statements, long Transactions, double WalBytes, TimeSpan? Cpu, int Connections);
