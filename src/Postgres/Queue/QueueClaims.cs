using System.Collections.Concurrent;
using JobRunner.Storage;
using Microsoft.Extensions.Logging;
using Npgsql;
using NpgsqlTypes;

namespace JobRunner.Postgres;

/// <summary>Takes waiting jobs off the queues.</summary>
sealed class QueueClaims(Database database, TimeProvider time, ILogger logger)
{
    readonly LookBudget _looks = new(time);
    readonly ClaimsExcept _except = new(database);
    readonly ConcurrentDictionary<string, long> _lastClaimed = new(StringComparer.Ordinal);

    // Ordering by the constant fetchedat as well is what lets the index (fetchedat nulls first, queue, jobid) answer in order:
    // 0.7 ms for 1,000 of 60,000 waiting jobs, where sorting them took 48 ms. The queues are visited in their given order
    // because a lateral join to a function can only be a loop over it, and the outer limit stops that loop.
    // $4 is the job behind which to look in each queue: LookBudget says why.
    internal const string ClaimSql = $"""
        with picked as materialized (
            select head.id, (select j.statename in {StateSql.CanBeTaken}
                             from hangfire.job j where j.id = head.jobid) as runs
            from unnest($1::text[], $2::int[], $4::bigint[]) as wanted(queue, most, behind)
            cross join lateral (
                select id, jobid from hangfire.jobqueue
                where queue = wanted.queue and fetchedat is null and jobid > wanted.behind
                order by fetchedat nulls first, jobid
                limit wanted.most
                for update skip locked) head
            limit $3
        """ + TakePickedSql;

    internal const string TakePickedSql = """

        ), dropped as (
            delete from hangfire.jobqueue where id = any(array(select id from picked where runs is not true))
        ), taken as (
            update hangfire.jobqueue set fetchedat = now(), updatecount = -(abs(updatecount::bigint) % 2147483647) - 1
            where id = any(array(select id from picked where runs))
            returning id, jobid, queue, updatecount
        )
        select gone.n, taken.*, j.*, parameters.*
        from (select count(*) as n from picked where runs is not true) gone
        left join taken on true
        left join lateral (
            select coalesce(stateid, 0), statename, invocationdata, arguments, createdat
            from hangfire.job where id = taken.jobid offset 0) j on true
        left join lateral (
            select array_agg(p.name order by p.id), array_agg(p.value order by p.id)
            from hangfire.jobparameter p where p.jobid = taken.jobid) parameters on true
        """;

    /// <remarks>
    /// A job without a state is passed over like one that has ended: nobody can change its state (Hangfire can neither), so
    /// its queue row can only be in the way. A job that has a state's name but no state row, as SQL written by hand may leave
    /// it, is claimed with state id 0, and the guards know that.
    /// </remarks>
    public async Task<IReadOnlyList<ClaimedJob>> ClaimAsync(
        IReadOnlyList<QueueLimit> queues, int count, IReadOnlyCollection<string> exceptTypes, CancellationToken cancellationToken)
    {
        if (queues.Count == 0 || count <= 0)
            return [];
        var limits = queues.Where(queue => queue.Most > 0).DistinctBy(queue => queue.Queue, StringComparer.Ordinal).ToArray();
        var order = Array.ConvertAll(limits, limit => limit.Queue);
        var jobs = new List<ClaimedJob>(Math.Min(count, 1000));
        await using var connection = await database.OpenAsync(cancellationToken);

        // Dropped rows count towards the limit; behind them, jobs may be waiting. What is claimed already must not be lost to a
        // stop.
        var types = exceptTypes.ToArray();
        for (var round = 1; jobs.Count < count; round++)
        {
            var before = jobs.Count;
            try
            {
                var rest = types.Length == 0
                    ? await ClaimAnyAsync(connection, Left(limits, jobs), count - jobs.Count, jobs, jobs.Count == 0 ? cancellationToken : default)
                    : await _except.ClaimAsync(connection, Left(limits, jobs), count - jobs.Count, types, jobs, jobs.Count == 0 ? cancellationToken : default);
                if (rest == 0 || (types.Length > 0 && round >= ClaimsExcept.MaxWindows))
                    break;
            }
            catch (Exception e) when (before > 0)
            {
                // What this round read may not be committed; what earlier ones did is, and would be in nobody's hands.
                jobs.RemoveRange(before, jobs.Count - before);
                logger.PartOfClaim(e, before);
                break;
            }
        }

        return [.. jobs.OrderBy(job => Array.IndexOf(order, job.Queue)).ThenBy(job => job.JobId).ThenBy(job => job.Claim.QueueRowId)];
    }

    // A second round may take what is left of each limit.
    static QueueLimit[] Left(QueueLimit[] limits, List<ClaimedJob> jobs) => jobs.Count == 0
        ? limits
        : Array.ConvertAll(limits, limit => limit with { Most = limit.Most - jobs.Count(job => job.Queue == limit.Queue) });

    /// <returns>How many queue rows were dropped.</returns>
    async Task<long> ClaimAnyAsync(
        NpgsqlConnection connection, QueueLimit[] queues, int count, List<ClaimedJob> jobs, CancellationToken cancellationToken)
    {
        var before = jobs.Count;
        if (!_looks.AllowsWhole)
        {
            var behind = Array.ConvertAll(queues, queue => _lastClaimed.GetValueOrDefault(queue.Queue));
            var found = await ClaimBehindAsync(connection, queues, behind, count, jobs, cancellationToken);
            if (found > 0 || jobs.Count > before)
                return found;
        }

        var started = time.GetTimestamp();
        var dropped = await ClaimBehindAsync(connection, queues, new long[queues.Length], count, jobs, cancellationToken);
        _looks.Note(time.GetElapsedTime(started), jobs.Count - before);
        return dropped;
    }

    /// <inheritdoc cref="ClaimAnyAsync"/>
    async Task<long> ClaimBehindAsync(
        NpgsqlConnection connection, QueueLimit[] queues, long[] behind, int count, List<ClaimedJob> jobs, CancellationToken cancellationToken)
    {
        await using var batch = Database.IndexedBatch(connection,
            database.Command(ClaimSql, Names(queues), Limits(queues), Parameters.Of(count), Parameters.Ids(behind)));
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.NextResultAsync(cancellationToken);
        var before = jobs.Count;
        var dropped = await ReadClaimedAsync(reader, jobs, cancellationToken);
        foreach (var job in jobs.Skip(before))
            _lastClaimed[job.Queue] = Math.Max(job.JobId, _lastClaimed.GetValueOrDefault(job.Queue));
        return dropped;
    }

    internal static NpgsqlParameter Names(QueueLimit[] queues) => Parameters.Of(Array.ConvertAll(queues, queue => queue.Queue), NpgsqlDbType.Text);

    internal static NpgsqlParameter Limits(QueueLimit[] queues) => Parameters.Of(Array.ConvertAll(queues, queue => queue.Most), NpgsqlDbType.Integer);

    internal static async Task<long> ReadClaimedAsync(NpgsqlDataReader reader, List<ClaimedJob> jobs, CancellationToken cancellationToken)
    {
        long dropped = 0;
        while (await reader.ReadAsync(cancellationToken))
        {
            dropped = reader.GetInt64(0);
            if (!reader.IsDBNull(1))
                jobs.Add(ReadClaimed(reader));
        }

        return dropped;
    }

    static ClaimedJob ReadClaimed(NpgsqlDataReader reader)
    {
        var (invocation, error) = StoredCall.Read(reader.GetString(7), reader.GetString(8));
        return new ClaimedJob(
            reader.GetInt64(2), new Claim(reader.GetInt64(1), reader.GetInt32(4)), reader.GetString(3), reader.GetInt64(5),
            reader.GetString(6), invocation, error, StoredCall.ReadParameters(reader, 10), StoredInstant.Read(reader, 9));
    }
}
