using System.Data;
using System.Globalization;
using System.Security.Cryptography;
using JobRunner.Storage;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace JobRunner.Postgres;

/// <summary>Hears the database's notifications.</summary>
/// <param name="database">The database.</param>
/// <param name="quietLimit">How long nothing may come before the connection has to prove that it is one; it has 5 s for that.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">For losses.</param>
sealed class Listener(Database database, TimeSpan quietLimit, TimeProvider time, ILogger logger)
{
    const string Withdrawn = "withdrawn";
    static readonly TimeSpan _firstPause = TimeSpan.FromMilliseconds(100);
    static readonly TimeSpan _longestPause = TimeSpan.FromSeconds(10);

    /// <remarks>On a thread of its own, as the signs of life with which it shares its connection: they wait for no thread of the pool. Asked for
    /// a proof so that a dead connection is noticed. Behind a pooler nothing would come through it, so it is not kept; the workers' looks are
    /// the truth in any case.</remarks>
    public async Task ListenAsync(Action<StoreSignal> onSignal, CancellationToken cancellationToken)
    {
        await Task.Factory.StartNew(
            () => Listen(onSignal, cancellationToken), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        await Task.Delay(Timeout.InfiniteTimeSpan, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    void Listen(Action<StoreSignal> onSignal, CancellationToken stopping)
    {
        var pause = _firstPause;
        var lost = false;
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                using var connection = database.OpenForListening();
                if (connection is null)
                    return;
                StartListening(connection, onSignal);
                if (lost)
                    logger.Listening();
                lost = false;
                pause = _firstPause;

                // Whatever was told while nobody listened: look once.
                onSignal(new(StoreSignalKind.Enqueued));
                Hear(connection, stopping);
            }
            catch (Exception e) when (e is NpgsqlException or IOException or TimeoutException or ObjectDisposedException)
            {
                if (!lost)
                    logger.ListenerLost(e.Message);
                lost = true;
                // With jitter, so that the workers of a database that comes back do not all connect at the same instant.
                stopping.WaitHandle.WaitOne(pause * (0.5 + (RandomNumberGenerator.GetInt32(1000) / 1000.0)));
                pause = pause * 2 < _longestPause ? pause * 2 : _longestPause;
            }
        }
    }

    void StartListening(NpgsqlConnection connection, Action<StoreSignal> onSignal)
    {
        connection.Notification += (_, told) => Tell(onSignal, told.Channel, told.Payload);
        using var listen = new NpgsqlCommand($"listen {NewJobSignal.Channel}; listen \"{database.Names.Own}\"", connection);
        listen.ExecuteNonQuery();
    }

    void Hear(NpgsqlConnection connection, CancellationToken stopping)
    {
        try
        {
            var heardAt = time.GetTimestamp();
            while (!stopping.IsCancellationRequested)
            {
                var isProven = database.LifeLine.Lend(connection);
                if (connection.State != ConnectionState.Open)
                    throw new IOException("The connection broke while it was used to tell that this worker lives.");
                if (connection.Wait((int)database.LifeLine.Slice.TotalMilliseconds) || isProven)
                    heardAt = time.GetTimestamp();
                if (time.GetElapsedTime(heardAt) <= quietLimit)
                    continue;
                ProveAlive(connection);
                heardAt = time.GetTimestamp();
            }
        }
        finally
        {
            database.LifeLine.Lost();
        }
    }

    // A connection whose other end vanished without a word (a pulled cable, a firewall that forgot it) looks like a quiet one.
    static void ProveAlive(NpgsqlConnection connection)
    {
        using var probe = new NpgsqlCommand("select 1", connection);
        probe.ExecuteNonQuery();
    }

    static void Tell(Action<StoreSignal> onSignal, string channel, string payload)
    {
        if (channel == NewJobSignal.Channel)
            onSignal(NewJobSignal.Read(payload));
        else if (payload.Split(':') is [Withdrawn, var job, var state] && IsId(job, out var jobId) && IsId(state, out var stateId))
            onSignal(new(StoreSignalKind.Withdrawn, jobId, stateId));

        static bool IsId(string text, out long id) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out id);
    }

    const string CallSql = "select " + NewJobSignal.SendSql + " from (select $1 as jobs) told";

    /// <summary>Tells all listeners.</summary>
    public Task CallAsync(int jobs, CancellationToken cancellationToken) =>
        database.ExecuteAsync(database.Command(CallSql, Parameters.Of(jobs)), cancellationToken);
}
