using System.Globalization;
using System.Text.RegularExpressions;
using Npgsql;
using NpgsqlTypes;

namespace JobRunner.Postgres;

/// <summary>Enqueues scheduled jobs when they are due.</summary>
sealed partial class ScheduledJobs(
    Database database, DistributedLocks locks, JobLocks jobLocks, StateWriter writer, CallQueues queues, TimeProvider time)
{
    // The database's clock decides, so that a worker whose clock is wrong enqueues nothing early.
    //
    // Nothing is locked here. A change of state takes the job's lock first, then the job, and entries of sets last; who locked
    // them the other way round would make circles with it.
    const string DueSql = """
        select value from hangfire.set
        where key = 'schedule' and score <= extract(epoch from now())::float8
        order by score
        limit $1
        """;

    // The score is in whole seconds, so an entry is found up to a second before its time; the state knows the millisecond. (The
    // ISO form of old clients is not compared: such a job may be that much early, as with Hangfire.)
    const string DueJobsSql = $$"""
        select {{SeenJob.ColumnsSql}}
        from hangfire.job
        where id = any($1) and statename = 'Scheduled' and coalesce((
            select (s.data ->> 'EnqueueAt')::bigint from hangfire.state s
            where s.id = job.stateid and s.data ->> 'EnqueueAt' ~ '^[0-9]{11,15}$'), 0) <= extract(epoch from now()) * 1000
        """;

    const string ExistingSql = "select id from hangfire.job where id = any($1) and statename = 'Scheduled'";

    // Looked at once more, under the job's lock: since it was found to be no scheduled one, it may have been scheduled anew, and the
    // entry be the new one. $3 is what the name of a lock begins with; one that this transaction has taken has it as its maker.
    const string ForgetSql = """
        delete from hangfire.set where key = 'schedule' and value = any(array(
            select e.value from unnest($1::text[], $2::bigint[]) as e(value, jobid)
            where exists (select from hangfire.lock where resource = $3 || e.jobid || ':state-lock' and xmin = pg_current_xact_id()::xid)
              and not exists (select from hangfire.job where id = e.jobid and statename = 'Scheduled')))
        """;

    const string AnyDueSql = """
        select count(*) from (
            select from hangfire.set where key = 'schedule' and score <= extract(epoch from now())::float8 limit 1) first
        """;

    /// <remarks>
    /// Under Hangfire's lock for this work: its scheduler moves an entry <c>queue:id</c> without looking at the job, and would
    /// do it once more after us. When somebody else has the lock, they are doing it. Entries <c>queue:id</c> become Enqueued
    /// like all others; Hangfire leaves them Scheduled, so that its pages go on listing them as scheduled while they wait.
    /// </remarks>
    public async Task<int> EnqueueDueAsync(int count, CancellationToken cancellationToken)
    {
        if (await database.NumberAsync(database.Command(AnyDueSql), cancellationToken) == 0)
            return 0;
        var done = 0;
        var dead = new List<(string Entry, long JobId)>();
        await locks.UnderLockAsync(locks.NameOf("locks:schedulepoller"), TimeSpan.Zero,
            async connection => done = await EnqueueDueAsync(connection, count, dead, cancellationToken), cancellationToken);
        await ForgetAsync(dead, cancellationToken);
        return done + dead.Count;
    }

    /// <summary>Removes entries whose job is no scheduled one. In a transaction of its own: it takes locks of jobs.</summary>
    internal async Task ForgetAsync(List<(string Entry, long JobId)> entries, CancellationToken cancellationToken)
    {
        if (entries.Count == 0)
            return;
        var ids = entries.Select(entry => entry.JobId).Distinct().Order().ToArray();
        await using var connection = await database.OpenAsync(cancellationToken);
        await using var batch = Database.IndexedBatch(connection, jobLocks.Take(ids),
            database.Command(ForgetSql, Parameters.Of(entries.Select(entry => entry.Entry).ToArray(), NpgsqlDbType.Text),
                Parameters.Ids(entries.Select(entry => entry.JobId)), Parameters.Of(jobLocks.Prefix)),
            jobLocks.Drop(ids));
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <param name="connection">In a transaction.</param>
    /// <param name="count">How many at most.</param>
    /// <param name="dead">Gets the entries whose job is no scheduled one.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>How many were enqueued; whoever is busy is left for the next round.</returns>
    async Task<int> EnqueueDueAsync(
        NpgsqlConnection connection, int count, List<(string Entry, long JobId)> dead, CancellationToken cancellationToken)
    {
        var entries = await Database.ReadTextsAsync(connection, database.Command(DueSql, Parameters.Of(count)), cancellationToken);
        if (entries.Count == 0)
            return 0;
        var due = entries.Select(entry => (Entry: entry, Match: ScheduleEntry.Match(entry))).ToLookup(
            e => e.Match.Success ? long.Parse(e.Match.Groups["id"].ValueSpan, CultureInfo.InvariantCulture) : 0,
            e => (e.Entry, Queue: e.Match.Groups["queue"] is { Success: true } queue ? queue.Value : null));
        var ids = due.Select(job => job.Key).ToArray();

        var existing = await Database.ReadIdsAsync(connection, database.Command(ExistingSql, Parameters.Ids(ids)), cancellationToken);
        var scheduled = existing.ToHashSet();
        var ripe = await SeenJob.ReadAsync(connection, database.Command(DueJobsSql, Parameters.Ids(ids)), cancellationToken);
        var named = await queues.ReadAsync(connection, ripe.Select(job => (job.JobId, job.Call)), cancellationToken);
        var at = time.GetUtcNow();
        var (applied, _) = await writer.ApplyAsync(connection,
            [.. ripe.Select(job => (job with { OwnQueue = due[job.JobId].First().Queue ?? job.OwnQueue })
                .To(JobState.Enqueued(named.GetValueOrDefault(job.JobId) ?? QueueName.Default, at, StateReasons.Due)))], cancellationToken);
        if (applied.Busy.Count > 0)
            await jobLocks.ForgetDeadAsync(connection, applied.Busy.Select(i => ripe[i].JobId), cancellationToken);

        dead.AddRange(due.Where(job => !scheduled.Contains(job.Key)).SelectMany(job => job.Select(e => (e.Entry, job.Key))));
        return ripe.Count - applied.Busy.Count;
    }

    [GeneratedRegex(@"^((?<queue>[a-z0-9_-]{1,1000}):)?(?<id>[0-9]{1,18})\z")]
    private static partial Regex ScheduleEntry { get; }
}
