using JobRunner.Storage;
using Npgsql;
using NpgsqlTypes;

namespace JobRunner.Postgres;

/// <summary>
/// Writes what nearly all changes are: that a run is Processing, or has Succeeded. Their guards (Hangfire's lock of the job is ours, the claim is
/// held, the job is in the state that was seen) nearly always hold, since whoever changes a job has its lock. So all are written as if they did,
/// in one transaction that is rolled back when one did not (decision 5): that costs a third less than looking first.
/// </summary>
sealed class RunWriter(Database database, JobLocks locks, TimeSpan expiration, CompatibilityLevel level)
{
    /// <summary>$1 the jobs, sorted; $2 the state rows that were seen; $3 and $4 queue rows and tokens of the claims; $5 and $6 time and data of state
    /// Processing, and $7 and $8 of state Succeeded, null where the change has none; $9 how long jobs that end are kept.</summary>
    /// <remarks>The guards stand in the 'update', and in a comparison of the claims with the rows that were found. A mark has its queue row locked, an
    /// end has it deleted. All reads 'run' only, never what another part returned: that would be quadratic.</remarks>
    internal const string WriteSql = """
        with run as materialized (
            select r.*,
                   case when r.started is not null then nextval('hangfire.state_id_seq') end as processing,
                   case when r.ended is not null then nextval('hangfire.state_id_seq') end as succeeded
            from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::int[], $5::timestamptz[], $6::jsonb[], $7::timestamptz[], $8::jsonb[])
                as r(jobid, seen, queueid, token, startedat, started, endedat, ended)
        ), history as (
            insert into hangfire.state (id, jobid, name, createdat, data)
            select s.id, r.jobid, s.name, s.at, s.data
            from run r
            cross join lateral (values
                (r.processing, 'Processing', r.startedat, r.started), (r.succeeded, 'Succeeded', r.endedat, r.ended)) as s(id, name, at, data)
            where s.id is not null
        ), jobs as (
            update hangfire.job j
            set stateid = coalesce(r.succeeded, r.processing), statename = case when r.ended is null then 'Processing' else 'Succeeded' end,
                expireat = case when r.ended is not null then now() + $9::interval end
            from run r where j.id = r.jobid and coalesce(j.stateid, 0) = r.seen
            returning true
        ), marked as materialized (
            select id, updatecount from hangfire.jobqueue where id = any(array(select queueid from run where ended is null)) for update
        ), ended as (
            delete from hangfire.jobqueue where id = any(array(select queueid from run where ended is not null))
            returning id, updatecount
        ), statistics as (
            insert into hangfire.counter (key, value, expireat)
            select 'stats:succeeded' || k.suffix, t.n, k.expireat
            from (select count(ended) as n from run) t
            cross join lateral (values
                (to_char(now() at time zone 'utc', ':YYYY-MM-DD'), now() + interval '1 month'),
                (to_char(now() at time zone 'utc', ':YYYY-MM-DD-HH24'), now() + interval '1 day'),
                ('', null)) as k(suffix, expireat)
            where t.n > 0
        )
        select array_agg(coalesce(r.succeeded, r.processing) order by r.jobid),
               coalesce(
                   (select count(*) from jobs) = count(*)
                   and (array_agg(r.queueid order by r.queueid), array_agg(r.token order by r.queueid))
                       = (select array_agg(q.id order by q.id), array_agg(q.updatecount order by q.id)
                          from (select * from marked union all select * from ended) q),
                   false)
        from run r
        """;

    // Who waits for these jobs. Read under their locks, it cannot miss one.
    internal const string ContinuationsSql = """
        select jobid, value from hangfire.jobparameter where jobid = any($1::bigint[]) and name = 'Continuations'
        """;

    /// <summary>True for a change that it can write.</summary>
    public static bool Writes(StateChange change) =>
        change is { Claim: not null, Parameters: null, SeenStateName: JobStates.Enqueued or JobStates.Processing }
        && change.States is [{ Name: JobStates.Processing }, { Name: JobStates.Succeeded }] or [{ Name: JobStates.Processing or JobStates.Succeeded }]
        && change.States.All(state => state.Reason is null);

    /// <summary>Writes changes of different jobs, all or none.</summary>
    /// <returns>The new state rows, in the changes' order, and the jobs that wait for those that have ended; null when nothing was written, because a
    /// guard of one change does not hold.</returns>
    public async Task<(long[] StateIds, List<Waiting> Ended)?> TryWriteAsync(
        NpgsqlConnection connection, StateChange[] changes, CancellationToken cancellationToken)
    {
        var order = Enumerable.Range(0, changes.Length).OrderBy(i => changes[i].JobId).ToArray();
        var sorted = Array.ConvertAll(order, i => changes[i]);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        if (await WriteAsync(connection, sorted, cancellationToken) is not var (ids, ended))
        {
            await transaction.RollbackAsync(cancellationToken);
            return null;
        }

        await transaction.CommitAsync(cancellationToken);
        Array.Sort(order, ids);
        return (ids, ended);
    }

    async Task<(long[] StateIds, List<Waiting> Ended)?> WriteAsync(NpgsqlConnection connection, StateChange[] sorted, CancellationToken cancellationToken)
    {
        var ids = Array.ConvertAll(sorted, change => change.JobId);
        var taken = locks.Take(ids);
        await using var batch = Database.IndexedBatch(connection, taken, CommandFor(sorted, ids),
            database.Command(ContinuationsSql, Parameters.Ids(sorted.Where(change => change.EndsClaim).Select(change => change.JobId))), locks.Drop(ids));
        batch.Timeout = StateWriter.TimeoutSeconds;
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.NextResultAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        if (taken.RecordsAffected != ids.Length || !reader.GetBoolean(1))
            return null;
        var stateIds = reader.GetFieldValue<long[]>(0);
        await reader.NextResultAsync(cancellationToken);
        List<Waiting> ended = [];
        while (await reader.ReadAsync(cancellationToken))
            ended.AddRange(Waiting.For(sorted[Array.BinarySearch(ids, reader.GetInt64(0))], [StoredText.ReadOrNull(reader, 1)]));
        return (stateIds, ended);
    }

    NpgsqlBatchCommand CommandFor(StateChange[] sorted, long[] ids)
    {
        var processing = Array.ConvertAll(sorted, change => change.States.FirstOrDefault(state => state.Name == JobStates.Processing));
        var succeeded = Array.ConvertAll(sorted, change => change.States.FirstOrDefault(state => state.Name == JobStates.Succeeded));
        return database.Command(WriteSql,
            Parameters.Of(ids, NpgsqlDbType.Bigint), Parameters.Ids(sorted.Select(change => change.SeenStateId)),
            Parameters.QueueRows(sorted.Select(change => change.Claim!.Value)), Parameters.Tokens(sorted.Select(change => change.Claim!.Value)),
            At(processing), Data(processing), At(succeeded), Data(succeeded), Parameters.Of(expiration));
    }

    static NpgsqlParameter At(JobState?[] states) => Parameters.Of(Array.ConvertAll(states, state => state?.CreatedAt.UtcDateTime), NpgsqlDbType.TimestampTz);

    NpgsqlParameter Data(JobState?[] states) => Parameters.Of(
        Array.ConvertAll(states, state => state is null ? null : StateData.WriteUtf8(StateLevel.At(level, state))), NpgsqlDbType.Jsonb);
}
