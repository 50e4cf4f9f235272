using Microsoft.Extensions.Logging;
using Npgsql;
using NpgsqlTypes;

namespace JobRunner.Postgres;

/// <summary>
/// Hangfire changes a job's state only under the job's lock, a row of table 'lock' (DistributedLocks says how those
/// work), and so do we: without it a continuation that a Hangfire client adds to a job in the moment in which we end it would
/// wait for ever. All locks of a batch are taken by one statement, in order of the jobs, before any row is locked. A lock that
/// somebody else has refuses ours at once, so it holds up no other job of the batch: 'given' in the statements of
/// StateChangeSql leaves such a job out, and the caller is told.
/// </summary>
sealed class JobLocks(Database database, DistributedLocks locks, ILogger logger)
{
    /// <summary>How long to wait for the lock of a job.</summary>
    public static TimeSpan Timeout { get; } = TimeSpan.FromSeconds(15);

    const string LockJobsSql = """
        insert into hangfire.lock (resource, updatecount, acquired)
        select $2 || j.id || ':state-lock', 1, now() from unnest($1::bigint[]) as j(id)
        on conflict do nothing
        """;

    const string UnlockJobsSql = """
        delete from hangfire.lock
        where resource = any(array(select $2 || j.id || ':state-lock' from unnest($1::bigint[]) as j(id)))
          and xmin = pg_current_xact_id()::xid
        """;

    /// <summary>What their names begin with.</summary>
    public string Prefix { get; } = locks.NameOf("job:");

    public string NameOf(long jobId) => $"{Prefix}{jobId}:state-lock";

    /// <summary>Takes those locks of jobs that nobody else has.</summary>
    public NpgsqlBatchCommand Take(long[] sortedIds) => On(sortedIds, LockJobsSql);

    /// <summary>Gives the locks back that this transaction has taken.</summary>
    public NpgsqlBatchCommand Drop(long[] sortedIds) => On(sortedIds, UnlockJobsSql);

    /// <summary>Removes the locks of servers that died, so that the next try can succeed. Not a part of each change: it would
    /// cost as much as taking the locks. What is written is written: a failure here must not look like one of that.</summary>
    public async Task ForgetDeadAsync(NpgsqlConnection connection, IEnumerable<long> jobIds, CancellationToken cancellationToken)
    {
        try
        {
            await using var batch = Database.Batch(connection, locks.ForgetDead([.. jobIds.Select(NameOf)]));
            await batch.ExecuteNonQueryAsync(cancellationToken);
        }
        catch (Exception e)
        {
            logger.LocksNotForgotten(e);
        }
    }

    public TimeoutException LockedTooLong(IEnumerable<long> jobIds) => new(
        $"Hangfire's lock of job {string.Join(", ", jobIds.Take(10))} has been somebody else's for {Timeout.TotalSeconds:0} s: " +
        $"a Hangfire server or client is changing the job, or died while it did, and then its lock is ours after {locks.Abandoned}.");

    NpgsqlBatchCommand On(long[] sortedIds, string sql) =>
        database.Command(sql, Parameters.Of(sortedIds, NpgsqlDbType.Bigint), Parameters.Of(Prefix));
}
