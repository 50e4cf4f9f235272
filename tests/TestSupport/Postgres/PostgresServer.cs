using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace JobRunner.TestSupport;

/// <summary>
/// A private PostgreSQL server in a temporary directory, or the one that the environment variable
/// <c>JOBRUNNER_TEST_POSTGRES</c> (a connection string of a role that may create databases) names.
/// </summary>
/// <remarks>
/// A shell starts the server and then reads from us. When we close that pipe, or vanish in whatever way, the read ends: the
/// shell stops the server and removes its directory. So no server outlives its test run, not even one that was killed.
/// </remarks>
public sealed class PostgresServer : IAsyncDisposable
{
    const string ExternalVariable = "JOBRUNNER_TEST_POSTGRES";
    const string KeepFiles = "keep";
    const string Guard = """
        dir=$1; shift
        "$@" >>"$dir/log" 2>&1 &
        server=$!
        read -r word
        kill -INT $server 2>/dev/null
        wait $server
        [ "$word" = keep ] || rm -rf "$dir"
        """;

    static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);

    readonly string _directory;
    readonly string[] _settings;
    Process? _guard;
    int _databases;

    PostgresServer(string connectionString, string directory, string[] settings)
    {
        ConnectionString = connectionString;
        _directory = directory;
        _settings = settings;
    }

    static string? External => Environment.GetEnvironmentVariable(ExternalVariable) is { Length: > 0 } named ? named : null;

    /// <summary>Of the database <c>postgres</c>, as a role that may do anything.</summary>
    public string ConnectionString { get; }

    /// <summary>False when the server is somebody else's, so that it cannot be restarted.</summary>
    public bool IsPrivate => _directory.Length > 0;

    /// <summary>The process above all of the server's others; null when the server is somebody else's.</summary>
    public int? ProcessId => !IsPrivate ? null
        : int.Parse(File.ReadLines(Path.Combine(_directory, "data", "postmaster.pid")).First(), CultureInfo.InvariantCulture);

    /// <summary>True when a private server can preload a library: not every installation has the contributed ones.</summary>
    public static bool HasLibrary(string name) => External is null && PostgresBinaries.HasLibrary(name);

    /// <param name="durable">False turns fsync off: for tests, never for a benchmark.</param>
    /// <param name="settings">Further settings of a private server, such as <c>autovacuum=off</c>.</param>
    public static async Task<PostgresServer> StartAsync(bool durable = true, params string[] settings) => External is { } external
        ? new(external, "", [])
        : await StartInAsync(Directory.CreateTempSubdirectory("jobrunner-postgres-").FullName, durable, settings);

    /// <summary>Always a private server.</summary>
    /// <param name="directory">Where its files are, which it takes with it when it ends.</param>
    /// <param name="durable">False turns fsync off.</param>
    /// <param name="settings">Further settings.</param>
    public static async Task<PostgresServer> StartInAsync(string directory, bool durable, params string[] settings)
    {
        var server = new PostgresServer(
            $"Host=127.0.0.1;Port={FreePort()};Username=postgres;Database=postgres;Include Error Detail=true", directory,
            ["listen_addresses=127.0.0.1", "max_connections=200", durable ? "fsync=on" : "fsync=off", .. settings]);
        if (PostgresBinaries.User is { } user)
            await RunAsync("chown", user, directory);
        var (file, arguments) = PostgresBinaries.Command(
            "initdb", "-D", Path.Combine(directory, "data"), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync");
        await RunAsync(file, arguments);
        await server.StartAgainAsync();
        return server;
    }

    /// <summary>A new empty database.</summary>
    /// <returns>Its connection string.</returns>
    public async Task<string> CreateDatabaseAsync()
    {
        var name = $"test_{Environment.ProcessId}_{Interlocked.Increment(ref _databases)}";
        await using var connection = new NpgsqlConnection(ConnectionString);
        await connection.OpenAsync();
        await using var create = new NpgsqlCommand($"create database {name} template template0", connection);
        await create.ExecuteNonQueryAsync();
        return new NpgsqlConnectionStringBuilder(ConnectionString) { Database = name }.ConnectionString;
    }

    /// <summary>Stops the server as an administrator would: connections are cut, files stay.</summary>
    public async Task StopAsync() => await StopAsync(KeepFiles);

    /// <summary>Ends the server as a crash would: nothing is written that was not, and its next start recovers. Also one that has ended by
    /// itself.</summary>
    public async Task CrashAsync()
    {
        if (IsRunning() && ProcessId is { } process)
            await RunAsync("kill", "-QUIT", $"{process}");
        await Eventually.HoldsAsync(() => !IsRunning(), _patience, "the server ends at once");
        await StopAsync(KeepFiles);
    }

    /// <summary>Starts a stopped server on the same files and the same port.</summary>
    public async Task StartAgainAsync()
    {
        var port = new NpgsqlConnectionStringBuilder(ConnectionString).Port;
        var (file, arguments) = PostgresBinaries.Guarded(Guard, _directory, "postgres",
            ["-D", Path.Combine(_directory, "data"), "-p", $"{port}", "-k", _directory, .. _settings.SelectMany(setting => new[] { "-c", setting })]);
        _guard = Start(file, arguments, redirectOutput: false);
        await WaitUntilReadyAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (IsPrivate)
            await StopAsync("");
    }

    // The file goes with the process, but for a crash of all.
    bool IsRunning() => File.Exists(Path.Combine(_directory, "data", "postmaster.pid")) && Directory.Exists($"/proc/{ProcessId}");

    async Task StopAsync(string word)
    {
        if (_guard is not { } guard)
            return;
        _guard = null;
        await guard.StandardInput.WriteLineAsync(word);
        guard.StandardInput.Close();
        await guard.WaitForExitAsync().WaitAsync(_patience);
        guard.Dispose();
    }

    async Task WaitUntilReadyAsync()
    {
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                await using var connection = new NpgsqlConnection(ConnectionString + ";Pooling=false;Timeout=5");
                await connection.OpenAsync();
                return;
            }
            catch (NpgsqlException) when (Stopwatch.GetElapsedTime(started) < _patience && !_guard!.HasExited)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
            }
        }
    }

    internal static async Task RunAsync(string file, params string[] arguments)
    {
        using var process = Start(file, arguments, redirectOutput: true);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{file} {string.Join(' ', arguments)} ended with {process.ExitCode}: {await output}{await errors}");
    }

    internal static Process Start(string file, string[] arguments, bool redirectOutput)
    {
        var start = new ProcessStartInfo(file, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = redirectOutput,
            RedirectStandardError = redirectOutput,
            WorkingDirectory = Path.GetTempPath(),
        };
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new InvalidOperationException($"{PostgresBinaries.Missing} ({file}: {e.Message})", e);
        }
    }

    internal static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
