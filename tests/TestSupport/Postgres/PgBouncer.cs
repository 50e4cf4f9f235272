using System.Diagnostics;
using Npgsql;

namespace JobRunner.TestSupport;

/// <summary>A private PgBouncer in transaction mode before a server, on a port and in a directory of its own.</summary>
/// <remarks>A shell guards it, as it does <see cref="PostgresServer"/>.</remarks>
public sealed class PgBouncer : IAsyncDisposable
{
    // It has nothing to lose, and newer versions wait for their clients when they are asked.
    const string Guard = """
        dir=$1; shift
        "$@" >>"$dir/log" 2>&1 &
        pooler=$!
        read -r word
        kill -KILL $pooler
        wait $pooler 2>/dev/null
        rm -rf "$dir"
        """;

    static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);

    readonly Process _guard;

    PgBouncer(Process guard, string connectionString) => (_guard, ConnectionString) = (guard, connectionString);

    /// <summary>Of the same database, through the pooler. Clients prepare statements as they do without one.</summary>
    public string ConnectionString { get; }

    /// <param name="connectionString">Of the server behind it, or of a proxy before that.</param>
    /// <param name="poolSize">How many connections to the server it makes for one database.</param>
    /// <param name="clients">How many connections it takes.</param>
    public static async Task<PgBouncer> StartAsync(string connectionString, int poolSize = 20, int clients = 1000)
    {
        var target = new NpgsqlConnectionStringBuilder(connectionString);
        var port = PostgresServer.FreePort();
        var directory = Directory.CreateTempSubdirectory("jobrunner-pgbouncer-").FullName;
        await File.WriteAllTextAsync(Path.Combine(directory, "pgbouncer.ini"), $"""
            [databases]
            * = host={target.Host} port={target.Port} user={target.Username}
            [pgbouncer]
            listen_addr = 127.0.0.1
            listen_port = {port}
            unix_socket_dir =
            auth_type = any
            pool_mode = transaction
            max_client_conn = {clients}
            default_pool_size = {poolSize}
            server_login_retry = 1
            ignore_startup_parameters = extra_float_digits
            """);
        if (PostgresBinaries.User is { } user)
            await PostgresServer.RunAsync("chown", "-R", user, directory);
        var (file, arguments) = PostgresBinaries.GuardedAt(Guard, directory, Find(), Path.Combine(directory, "pgbouncer.ini"));
        (target.Host, target.Port) = ("127.0.0.1", port);
        var pooler = new PgBouncer(PostgresServer.Start(file, arguments, redirectOutput: false), target.ConnectionString);
        await pooler.WaitUntilReadyAsync();
        return pooler;
    }

    public async ValueTask DisposeAsync()
    {
        _guard.StandardInput.Close();
        await _guard.WaitForExitAsync().WaitAsync(_patience);
        _guard.Dispose();
    }

    static string Find()
    {
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        return path.Prepend("/usr/sbin").Select(folder => Path.Combine(folder, "pgbouncer")).FirstOrDefault(File.Exists)
            ?? throw new InvalidOperationException("PgBouncer was not found in /usr/sbin or on the PATH. Install it (Debian and Ubuntu: apt-get install pgbouncer).");
    }

    Task WaitUntilReadyAsync() => Eventually.HoldsAsync(async () =>
    {
        try
        {
            await using var connection = new NpgsqlConnection(ConnectionString + ";Pooling=false;Timeout=5");
            await connection.OpenAsync();
            return true;
        }
        catch (NpgsqlException) when (!_guard.HasExited)
        {
            return false;
        }
    }, _patience, "PgBouncer answers");
}
