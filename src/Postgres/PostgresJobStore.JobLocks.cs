using Microsoft.Extensions.Logging;
using Npgsql;
using NpgsqlTypes;

namespace JobRunner.Postgres;

// Hangfire changes a job's state only under the job's lock, a row of table 'lock' (PostgresJobStore.Locks.cs says how those
// work), and so do we: without it a continuation that a Hangfire client adds to a job in the moment in which we end it would
// wait for ever. All locks of a batch are taken by one statement, in order of the jobs, before any row is locked. A lock that
// somebody else has refuses ours at once, so it holds up no other job of the batch: 'given' in the statements of
// PostgresJobStore.ApplySql.cs leaves such a job out, and the caller is told.
sealed partial class PostgresJobStore
{
    static readonly TimeSpan _jobLockTimeout = TimeSpan.FromSeconds(15);
    static readonly TimeSpan _jobLockPause = TimeSpan.FromMilliseconds(100);

    // Fails when somebody else has one of them.
    const string LockAllJobsSql = """
        insert into hangfire.lock (resource, updatecount, acquired)
        select $2 || j.id || ':state-lock', 1, now() from unnest($1::bigint[]) as j(id)
        """;

    const string LockJobsSql = LockAllJobsSql + " on conflict do nothing";

    const string UnlockJobsSql = """
        delete from hangfire.lock
        where resource = any(array(select $2 || j.id || ':state-lock' from unnest($1::bigint[]) as j(id)))
          and xmin = pg_current_xact_id()::xid
        """;

    string JobLockPrefix => LockOf("job:");

    string JobLockOf(long jobId) => $"{JobLockPrefix}{jobId}:state-lock";

    NpgsqlBatchCommand OnLocksOf(string sql, long[] sortedIds) =>
        Command(sql, Parameters.Of(sortedIds, NpgsqlDbType.Bigint), Parameters.Of(JobLockPrefix));

    /// <summary>Removes the locks of servers that died, so that the next try can succeed. Not a part of each change: it would
    /// cost as much as taking the locks. What is written is written: a failure here must not look like one of that.</summary>
    async Task ForgetDeadJobLocksAsync(NpgsqlConnection connection, IEnumerable<long> jobIds, CancellationToken cancellationToken)
    {
        try
        {
            await using var batch = Batch(connection, ForgetDeadLocks([.. jobIds.Select(JobLockOf)]));
            await batch.ExecuteNonQueryAsync(cancellationToken);
        }
        catch (Exception e)
        {
            LogLocksNotForgotten(_logger, e);
        }
    }

    [LoggerMessage(112, LogLevel.Warning, "Locks that dead servers left could not be removed now; the next try does it")]
    static partial void LogLocksNotForgotten(ILogger logger, Exception exception);

    TimeoutException LockedTooLong(IEnumerable<long> jobIds) => new(
        $"Hangfire's lock of job {string.Join(", ", jobIds.Take(10))} has been somebody else's for {_jobLockTimeout.TotalSeconds:0} s: " +
        $"a Hangfire server or client is changing the job, or died while it did, and then its lock is ours after {_options.DistributedLockTimeout}.");
}
