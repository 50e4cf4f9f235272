using System.Collections.Concurrent;
using JobRunner.Storage;
using Npgsql;
using NpgsqlTypes;

namespace JobRunner.Postgres;

/// <summary>
/// Claims while some types are left to others. Their jobs may stand at the head of a queue in any number, so a claim looks
/// at a window of it only, and the next one goes on behind that window until the queue's end; then the sweep begins anew. A
/// few windows a claim, at 1 to 5 ms each, keep its cost bounded, and a job behind a hundred thousand foreign ones still comes up
/// in seconds.
/// </summary>
sealed class ClaimsExcept(Database database)
{
    const int Window = 1000;
    internal const int MaxWindows = 5;

    // Behind which job the next window of each queue begins. Only a place to start: a worker that forgets it loses nothing.
    readonly ConcurrentDictionary<string, long> _windows = new(StringComparer.Ordinal);

    const string WindowsSql = """
        select wanted.queue, w.n, w.last
        from unnest($1::text[], $2::bigint[]) as wanted(queue, behind)
        cross join lateral (
            select count(*) as n, max(jobid) as last
            from (select jobid from hangfire.jobqueue
                  where queue = wanted.queue and fetchedat is null and jobid > wanted.behind
                  order by fetchedat nulls first, jobid
                  limit $3) seen) w
        """;

    internal const string ClaimExceptSql = $"""
        with picked as materialized (
            select head.id, (select j.statename in {StateSql.CanBeTaken}
                             from hangfire.job j where j.id = head.jobid) as runs
            from unnest($1::text[], $2::int[], $4::bigint[]) as wanted(queue, most, behind)
            cross join lateral (
                select seen.id, seen.jobid
                from (select id, jobid from hangfire.jobqueue
                      where queue = wanted.queue and fetchedat is null and jobid > wanted.behind
                      order by fetchedat nulls first, jobid
                      limit $5) seen
                cross join lateral (
                    select from hangfire.jobqueue where id = seen.id and (fetchedat is null) is true for update skip locked) free
                where (select j.invocationdata ->> 'Type' from hangfire.job j where j.id = seen.jobid) = any($6) is not true
                limit wanted.most) head
            limit $3
        """ + QueueClaims.TakePickedSql;

    /// <returns>How many queue rows were dropped; or one more pretended row when there are windows left to look at.</returns>
    public async Task<long> ClaimAsync(
        NpgsqlConnection connection, QueueLimit[] queues, int count, string[] exceptTypes, List<ClaimedJob> jobs,
        CancellationToken cancellationToken)
    {
        var before = jobs.Count;
        var behind = Array.ConvertAll(queues, queue => _windows.GetValueOrDefault(queue.Queue));
        await using var batch = Database.IndexedBatch(connection,
            database.Command(WindowsSql, QueueClaims.Names(queues), Parameters.Ids(behind), Parameters.Of(Window)),
            database.Command(ClaimExceptSql, QueueClaims.Names(queues), QueueClaims.Limits(queues), Parameters.Of(count), Parameters.Ids(behind),
                Parameters.Of(Window), Parameters.Of(exceptTypes, NpgsqlDbType.Text)));
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.NextResultAsync(cancellationToken);
        var next = new List<(string Queue, long Behind)>(queues.Length);
        while (await reader.ReadAsync(cancellationToken))
            next.Add((reader.GetString(0), reader.GetInt64(1) == Window ? reader.GetInt64(2) : 0));
        await reader.NextResultAsync(cancellationToken);
        var dropped = await QueueClaims.ReadClaimedAsync(reader, jobs, cancellationToken);

        // What was dropped may have stood before something to claim, and a full claim has not seen the end of its windows.
        if (dropped > 0 || jobs.Count - before == count)
            return dropped;
        var full = queues.Where(limit => jobs.Skip(before).Count(job => job.Queue == limit.Queue) == limit.Most).Select(limit => limit.Queue).ToArray();
        next.RemoveAll(window => full.Contains(window.Queue));
        foreach (var (queue, place) in next)
            _windows[queue] = place;
        return next.Count(window => window.Behind > 0);
    }
}
