using Npgsql;

namespace JobRunner.TestSupport;

/// <summary>Keeps whoever starts on a database in the middle of its start, for as long as this is not disposed: it waits for the lock under
/// which tables are created.</summary>
public sealed class StartBarrier : IAsyncDisposable
{
    readonly NpgsqlConnection _connection;

    StartBarrier(NpgsqlConnection connection) => _connection = connection;

    public static async Task<StartBarrier> CloseAsync(string connectionString)
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("select pg_advisory_lock(hashtext('JobRunner.SchemaInstaller'))", connection);
        await command.ExecuteNonQueryAsync();
        return new(connection);
    }

    /// <summary>Waits until somebody waits.</summary>
    public async Task HasComeAsync()
    {
        await using var command = new NpgsqlCommand("""
            select count(*) from pg_locks
            where locktype = 'advisory' and not granted and database = (select oid from pg_database where datname = current_database())
            """, _connection);
        await Eventually.HoldsAsync(async () => (long)(await command.ExecuteScalarAsync())! > 0, TimeSpan.FromSeconds(30));
    }

    public ValueTask DisposeAsync() => _connection.DisposeAsync();
}
