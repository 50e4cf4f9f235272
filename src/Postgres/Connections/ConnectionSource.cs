using Npgsql;

namespace JobRunner.Postgres;

/// <summary>
/// Connections to the database, directly or through a pooler such as PgBouncer. A pooler in transaction mode gives each transaction another
/// session of the server, where a statement that was prepared before is unknown, or is another one of the same name that somebody else
/// prepared. So behind a pooler nothing is prepared.
/// </summary>
/// <remarks>A pooler is known by what it says in the place of the server: the number of a process that is not the session's. Each new
/// connection is asked before it is used.</remarks>
/// <param name="settings">The connection string.</param>
/// <param name="looks">False to leave it at what the connection string says.</param>
/// <param name="poolerFound">Called once, when a pooler has been seen.</param>
sealed class ConnectionSource(string settings, bool looks, Action poolerFound) : IAsyncDisposable
{
    const string ProcessSql = "select pg_backend_pid()";

    readonly Lock _lock = new();
    volatile NpgsqlDataSource _source = looks ? Looking(settings) : NpgsqlDataSource.Create(settings);
    bool _isPooled;

    public async ValueTask<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await _source.OpenConnectionAsync(cancellationToken);
        }
        catch (PoolerFoundException)
        {
            return await Unprepared().OpenConnectionAsync(cancellationToken);
        }
    }

    public NpgsqlConnection Open()
    {
        try
        {
            return _source.OpenConnection();
        }
        catch (PoolerFoundException)
        {
            return Unprepared().OpenConnection();
        }
    }

    public ValueTask DisposeAsync() => _source.DisposeAsync();

    /// <summary>True when a pooler is between this connection and the server.</summary>
    public static bool IsPooled(NpgsqlConnection connection)
    {
        using var command = new NpgsqlCommand(ProcessSql, connection);
        return command.ExecuteScalar() is int process && process != connection.ProcessID;
    }

    static async Task<bool> IsPooledAsync(NpgsqlConnection connection)
    {
        await using var command = new NpgsqlCommand(ProcessSql, connection);
        return await command.ExecuteScalarAsync() is int process && process != connection.ProcessID;
    }

    static NpgsqlDataSource Looking(string settings) => new NpgsqlDataSourceBuilder(settings).UsePhysicalConnectionInitializer(
        connection => Refuse(IsPooled(connection)), async connection => Refuse(await IsPooledAsync(connection))).Build();

    static void Refuse(bool isPooled)
    {
        if (isPooled)
            throw new PoolerFoundException();
    }

    NpgsqlDataSource Unprepared()
    {
        lock (_lock)
        {
            if (_isPooled)
                return _source;
            // The one before has no connection, and others may just be asking it for one: it is left as it is.
            _source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(settings) { MaxAutoPrepare = 0 });
            _isPooled = true;
        }

        poolerFound();
        return _source;
    }

    sealed class PoolerFoundException() : Exception("A pooler is between us and the database.");
}
