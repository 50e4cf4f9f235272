using JobRunner.TestSupport;
using Npgsql;

namespace JobRunner.Chaos;

/// <summary>Faults of the server itself, and of those who share it.</summary>
/// <param name="server">The server.</param>
/// <param name="database">The connection string of the run's database, not through the proxy.</param>
/// <param name="disk">The small disk that the server's files are on, or null.</param>
/// <param name="log">Told of what cannot be had.</param>
sealed class ServerFaults(PostgresServer server, string database, SmallDisk? disk, ChaosLog log)
{
    public async Task ReadOnlyAsync(TimeSpan length)
    {
        await ExecuteAsync("alter system set default_transaction_read_only = on");
        await ExecuteAsync("select pg_reload_conf()");
        await PauseAsync(length);
        await ExecuteAsync("set default_transaction_read_only = off; alter system reset default_transaction_read_only");
        await ExecuteAsync("select pg_reload_conf()");
    }

    /// <summary>Fills the disk. The server may stop itself over it; then it is started again when there is room.</summary>
    public async Task FillDiskAsync(TimeSpan length)
    {
        if (disk is null)
        {
            log.Note("    there is no small disk to fill (that takes root)");
            return;
        }

        await disk.FillAsync();
        await PauseAsync(length);
        disk.Empty();
        if (await AnswersAsync())
            return;
        log.Note("    the server has given up and is started again");
        await server.CrashAsync();
        await server.StartAgainAsync();
    }

    public Task TerminateAsync(int count) => ExecuteAsync($"""
        select pg_terminate_backend(pid) from (
            select pid from pg_stat_activity
            where backend_type = 'client backend' and pid <> pg_backend_pid() and datname = current_database() and application_name <> '{ChaosRun.OwnName}'
            order by random() limit {count}) as chosen
        """);

    /// <summary>A transaction that has seen something, and sits there.</summary>
    public async Task PinHorizonAsync(TimeSpan length)
    {
        await using var connection = await OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead);
        await using (var look = new NpgsqlCommand("select pg_current_xact_id(), count(*) from hangfire.job", connection, transaction))
            await look.ExecuteNonQueryAsync();
        await PauseAsync(length);
    }

    /// <summary>Takes all connections that the server has left.</summary>
    public async Task ExhaustAsync(TimeSpan length)
    {
        var taken = new List<NpgsqlConnection>();
        var until = TimeProvider.System.GetUtcNow() + length;
        try
        {
            while (TimeProvider.System.GetUtcNow() < until)
            {
                try
                {
                    taken.Add(await OpenAsync());
                }
                catch (NpgsqlException)
                {
                    await PauseAsync(TimeSpan.FromMilliseconds(50)); // all taken; what becomes free is taken, too
                }
            }
        }
        finally
        {
            foreach (var connection in taken)
                await connection.DisposeAsync();
        }
    }

    async Task<bool> AnswersAsync()
    {
        for (var tries = 0; tries < 20; tries++)
        {
            try
            {
                await ExecuteAsync("select 1");
                return true;
            }
            catch (NpgsqlException)
            {
                await PauseAsync(TimeSpan.FromMilliseconds(250));
            }
        }

        return false;
    }

    async Task ExecuteAsync(string sql)
    {
        await using var connection = await OpenAsync();
        foreach (var one in sql.Split(';'))
        {
            await using var command = new NpgsqlCommand(one, connection);
            await command.ExecuteNonQueryAsync();
        }
    }

    async Task<NpgsqlConnection> OpenAsync()
    {
        var connection = new NpgsqlConnection($"{database};Pooling=false;Timeout=5;Application Name={ChaosRun.OwnName}");
        await connection.OpenAsync();
        return connection;
    }

    static Task PauseAsync(TimeSpan time) => Task.Delay(time, TimeProvider.System, CancellationToken.None);
}
