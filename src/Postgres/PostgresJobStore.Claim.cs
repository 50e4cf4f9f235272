using JobRunner.Storage;
using Npgsql;
using NpgsqlTypes;

namespace JobRunner.Postgres;

sealed partial class PostgresJobStore
{
    // Ordering by the constant fetchedat as well is what lets the index (fetchedat nulls first, queue, jobid) answer in order.
    // The queues are visited in their given order because a lateral join to a function can only be a loop over it, and the
    // outer limit stops that loop. The rows are found again by '= any(array(...))', which the planner always answers by
    // index, where a join might read the whole table. Both changes see one snapshot, so a row is either taken or dropped.
    const string ClaimSql = """
        with picked as materialized (
            select head.id
            from unnest($1::text[]) as wanted(queue)
            cross join lateral (
                select id from hangfire.jobqueue
                where queue = wanted.queue and fetchedat is null
                order by fetchedat nulls first, jobid
                limit $2
                for update skip locked) head
            limit $2
        ), dropped as (
            delete from hangfire.jobqueue q
            where q.id = any(array(select id from picked)) and not exists (
                select from hangfire.job j
                where j.id = q.jobid and j.statename in ('Enqueued', 'Scheduled', 'Processing'))
            returning q.id
        ), taken as (
            update hangfire.jobqueue q set fetchedat = now(), updatecount = q.updatecount + 1
            from hangfire.job j
            where q.id = any(array(select id from picked))
              and j.id = q.jobid and j.statename in ('Enqueued', 'Scheduled', 'Processing')
            returning q.jobid, q.id, q.updatecount, q.queue, coalesce(j.stateid, 0) as stateid, j.statename,
                      j.invocationdata, j.arguments, j.createdat
        )
        select gone.n, taken.*, parameters.*
        from (select count(*) as n from dropped) gone
        left join taken on true
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
        IReadOnlyList<string> queues, int count, CancellationToken cancellationToken)
    {
        if (queues.Count == 0 || count <= 0)
            return [];
        var order = queues.Distinct(StringComparer.Ordinal).ToArray();
        var jobs = new List<ClaimedJob>(Math.Min(count, 1000));
        await using var connection = await ConnectAsync(cancellationToken);

        // Dropped rows count towards the limit; behind them, jobs may be waiting. What is claimed already must not be lost to a stop.
        while (await ClaimAsync(connection, order, count - jobs.Count, jobs, jobs.Count == 0 ? cancellationToken : default) > 0
            && jobs.Count < count)
        {
        }

        return [.. jobs.OrderBy(job => Array.IndexOf(order, job.Queue)).ThenBy(job => job.JobId).ThenBy(job => job.Claim.QueueRowId)];
    }

    /// <returns>How many queue rows were dropped.</returns>
    async Task<long> ClaimAsync(
        NpgsqlConnection connection, string[] queues, int count, List<ClaimedJob> jobs, CancellationToken cancellationToken)
    {
        await using var batch = IndexedBatch(connection, Command(ClaimSql, Parameters.Of(queues, NpgsqlDbType.Text), Parameters.Of(count)));
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.NextResultAsync(cancellationToken);
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
            reader.GetInt64(1), new Claim(reader.GetInt64(2), reader.GetInt32(3)), reader.GetString(4), reader.GetInt64(5),
            reader.GetString(6), invocation, error, StoredCall.ReadParameters(reader, 10), reader.GetFieldValue<DateTimeOffset>(9));
    }
}
