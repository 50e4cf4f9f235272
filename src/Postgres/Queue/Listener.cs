using System.Globalization;
using System.Security.Cryptography;
using JobRunner.Storage;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace JobRunner.Postgres;

/// <summary>Hears the database's notifications.</summary>
/// <param name="database">The database.</param>
/// <param name="connectionString">How to connect to it, as the user said.</param>
/// <param name="quietLimit">How long nothing may come before the connection has to prove that it is one; it has 5 s for that.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">For losses.</param>
sealed class Listener(Database database, string connectionString, TimeSpan quietLimit, TimeProvider time, ILogger logger)
{
    const string EnqueuedChannel = "new_job";
    const string Withdrawn = "withdrawn";
    static readonly TimeSpan _firstPause = TimeSpan.FromMilliseconds(100);
    static readonly TimeSpan _longestPause = TimeSpan.FromSeconds(10);

    static readonly TimeSpan _proof = TimeSpan.FromSeconds(5);

    /// <remarks>One connection of its own, outside the pool, asked for a sign of life so that a dead one is noticed. Behind a pooler
    /// nothing would come through it, so it is not kept; the workers' polling is the truth in any case.</remarks>
    public async Task ListenAsync(Action<StoreSignal> onSignal, CancellationToken cancellationToken)
    {
        var pause = _firstPause;
        var lost = false;
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await using var connection = new NpgsqlConnection(ListenSettings());
                if (!await StartListeningAsync(connection, onSignal, cancellationToken))
                    break;
                if (lost)
                    logger.Listening();
                lost = false;
                pause = _firstPause;

                // Whatever was told while nobody listened: look once.
                onSignal(new(StoreSignalKind.Enqueued));
                while (true)
                {
                    if (!await connection.WaitAsync(quietLimit, cancellationToken))
                        await ProveAliveAsync(connection, cancellationToken);
                }
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested && e is NpgsqlException or IOException or TimeoutException)
            {
                if (!lost)
                    logger.ListenerLost(e.Message);
                lost = true;
                pause = await PauseAsync(pause, cancellationToken);
            }
            catch (Exception) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
        }

        await Task.Delay(Timeout.InfiniteTimeSpan, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <returns>False when there is nothing to listen to.</returns>
    async Task<bool> StartListeningAsync(NpgsqlConnection connection, Action<StoreSignal> onSignal, CancellationToken cancellationToken)
    {
        connection.Notification += (_, told) => Tell(onSignal, told.Channel, told.Payload);
        await connection.OpenAsync(cancellationToken);
        if (database.LooksForPooler && await ConnectionSource.IsPooledAsync(connection, cancellationToken))
            return false;
        await using var listen = new NpgsqlCommand($"listen {EnqueuedChannel}; listen \"{database.Names.Own}\"", connection);
        await listen.ExecuteNonQueryAsync(cancellationToken);
        return true;
    }

    // A connection whose other end vanished without a word (a pulled cable, a firewall that forgot it) looks like a quiet one.
    static async Task ProveAliveAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var probe = new NpgsqlCommand("select 1", connection) { CommandTimeout = (int)_proof.TotalSeconds };
        await probe.ExecuteNonQueryAsync(cancellationToken);
    }

    static void Tell(Action<StoreSignal> onSignal, string channel, string payload)
    {
        if (channel == EnqueuedChannel)
            onSignal(new(StoreSignalKind.Enqueued));
        else if (payload.Split(':') is [Withdrawn, var job, var state] && IsId(job, out var jobId) && IsId(state, out var stateId))
            onSignal(new(StoreSignalKind.Withdrawn, jobId, stateId));

        static bool IsId(string text, out long id) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out id);
    }

    // With jitter, so that the workers of a database that comes back do not all connect at the same instant.
    async Task<TimeSpan> PauseAsync(TimeSpan pause, CancellationToken cancellationToken)
    {
        try
        {
            await Task.Delay(pause * (0.5 + (RandomNumberGenerator.GetInt32(1000) / 1000.0)), time, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // The loop's condition ends it.
        }

        return pause * 2 < _longestPause ? pause * 2 : _longestPause;
    }

    string ListenSettings() => new NpgsqlConnectionStringBuilder(connectionString)
    {
        Pooling = false,
        Enlist = false,
        KeepAlive = 0, // see ProveAliveAsync
        TcpKeepAlive = true,
        ApplicationName = "JobRunner listener",
    }.ConnectionString;
}
