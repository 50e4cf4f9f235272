using System.Globalization;
using Npgsql;
using NpgsqlTypes;

namespace JobRunner.Postgres;

/// <summary>
/// Hangfire's locks are rows of table 'lock': whoever could insert the row has the lock, and deletes it when done. We insert
/// it and delete it again inside the transaction that does the work. A Hangfire server that wants the lock meanwhile waits on
/// the unique index until we commit, and then goes on as if the row had never been; a row that it has committed refuses ours
/// at once. A crash leaves nothing behind, and lock and work cost one commit together.
/// </summary>
sealed class DistributedLocks(Database database, TimeSpan abandoned, TimeProvider time)
{
    static readonly TimeSpan _firstPause = TimeSpan.FromMilliseconds(10);
    static readonly TimeSpan _longestPause = TimeSpan.FromMilliseconds(500);

    // Hangfire's DistributedLockTimeout: older rows are those of servers that died, for Hangfire's own servers, too. They
    // compare with their own clock; the database's is the same for everybody.
    const string ForgetDeadLocksSql = "delete from hangfire.lock where resource = any($1) and acquired < now() - $2::interval";

    // In order, so that two batches of locks cannot wait for each other in a circle. Without native transactions Hangfire's
    // servers take a row with updatecount 0 for a free one.
    const string TakeLocksSql = """
        insert into hangfire.lock (resource, updatecount, acquired)
        select l.resource, 1, now() from unnest($1::text[]) with ordinality as l(resource, ord) order by l.ord
        on conflict do nothing
        returning resource
        """;

    const string DropLocksSql = "delete from hangfire.lock where resource = any($1)";

    const string WaitAtMostSql = "select set_config('lock_timeout', $1, true)";

    const string WaitAsUsualSql = "set local lock_timeout to default";

    /// <summary>How old a lock is that was abandoned.</summary>
    public TimeSpan Abandoned => abandoned;

    /// <summary>Removes those of these locks that were abandoned.</summary>
    public NpgsqlBatchCommand ForgetDead(string[] resources) =>
        database.Command(ForgetDeadLocksSql, Parameters.Of(resources, NpgsqlDbType.Text), Parameters.Of(abandoned));

    /// <summary>The name of a lock that belongs to this schema. (Hangfire's <c>locks:expirationmanager</c> does not.)</summary>
    public string NameOf(string name) => $"{database.Names.Hangfire}:{name}";

    /// <summary>Does <paramref name="work"/> under a lock, in one transaction with it, which is committed when the work returns.
    /// While somebody else has the lock, waits; no thread is held, and no connection while the other one is a Hangfire server.</summary>
    /// <param name="resource">The full name, as <see cref="NameOf"/> makes it.</param>
    /// <param name="timeout">How long to wait; zero to try once.</param>
    /// <param name="work">What to do. It may run statements on the connection, but not commit.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>False when the lock could not be had in time: the work was not begun.</returns>
    public async Task<bool> UnderLockAsync(
        string resource, TimeSpan timeout, Func<NpgsqlConnection, Task> work, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        for (var pause = _firstPause; ; pause = Shorter(pause * 1.5, _longestPause))
        {
            var left = timeout - time.GetElapsedTime(started);
            if (await TryUnderLockAsync(resource, left, work, cancellationToken))
                return true;
            left = timeout - time.GetElapsedTime(started);
            if (left <= TimeSpan.Zero)
                return false;
            await Task.Delay(Shorter(pause, left), time, cancellationToken);
        }
    }

    async Task<bool> TryUnderLockAsync(
        string resource, TimeSpan wait, Func<NpgsqlConnection, Task> work, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        if ((await TakeAsync(connection, [resource], wait, cancellationToken)).Count == 0)
            return false;
        await work(connection);
        await DropAsync(connection, [resource], cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    /// <summary>Takes many locks for the rest of the transaction, which must end with <see cref="DropAsync"/>.</summary>
    /// <param name="connection">In a transaction.</param>
    /// <param name="resources">Sorted.</param>
    /// <param name="wait">How long to wait for others who, like us, keep them inside a transaction: for ever if not above zero.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Those that were free. None when the wait was too long: then the transaction is over.</returns>
    public async Task<HashSet<string>> TakeAsync(
        NpgsqlConnection connection, string[] resources, TimeSpan wait, CancellationToken cancellationToken)
    {
        await using var batch = Database.Batch(connection, database.Command(WaitAtMostSql, Parameters.Of(Milliseconds(wait))),
            ForgetDead(resources),
            database.Command(TakeLocksSql, Parameters.Of(resources, NpgsqlDbType.Text)), database.Command(WaitAsUsualSql));
        var taken = new HashSet<string>(StringComparer.Ordinal);
        try
        {
            await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
            await reader.NextResultAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
                taken.Add(reader.GetString(0));
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.LockNotAvailable)
        {
            taken.Clear();
        }

        return taken;
    }

    public async Task DropAsync(NpgsqlConnection connection, string[] resources, CancellationToken cancellationToken)
    {
        await using var batch = Database.Batch(connection, database.Command(DropLocksSql, Parameters.Of(resources, NpgsqlDbType.Text)));
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    // PostgreSQL reads 0 as "for ever". A single try still waits a moment: who keeps the lock in a transaction is nearly done.
    static string Milliseconds(TimeSpan wait) =>
        Math.Max(_firstPause.TotalMilliseconds, wait.TotalMilliseconds).ToString("0", CultureInfo.InvariantCulture);

    static TimeSpan Shorter(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
