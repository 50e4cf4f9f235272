using JobRunner.Storage;
using NpgsqlTypes;

namespace JobRunner.Postgres;

sealed partial class PostgresJobStore
{
    const string ReleaseSql = """
        with held as materialized (
            select q.id
            from unnest($1::bigint[], $2::int[]) as c(id, token)
            join hangfire.jobqueue q on q.id = c.id
            where q.updatecount = c.token and q.fetchedat is not null
            order by q.jobid, q.id
            for update of q
        ), released as (
            update hangfire.jobqueue q set fetchedat = null, updatecount = q.updatecount + 1
            where q.id = any(array(select id from held))
        )
        select count(pg_notify('new_job', '')) from (select from held limit 1) once
        """;

    public Task ReleaseAsync(IReadOnlyList<Claim> claims, CancellationToken cancellationToken) =>
        claims.Count == 0 ? Task.CompletedTask : NumberAsync(Command(ReleaseSql,
            Parameters.Ids(claims.Select(c => c.QueueRowId)),
            Parameters.Of(claims.Select(c => c.Token).ToArray(), NpgsqlDbType.Integer)), cancellationToken);

    // A lease is lost when its queue row went or was taken again, and also when somebody else changed the job's state: then the
    // row is not ours to renew.
    const string RenewSql = """
        with held as materialized (
            select q.id
            from unnest($1::bigint[], $2::bigint[], $3::int[], $4::bigint[]) as l(jobid, queueid, token, stateid)
            join hangfire.jobqueue q on q.id = l.queueid
            join hangfire.job j on j.id = l.jobid
            where q.jobid = l.jobid and q.updatecount = l.token and q.fetchedat is not null and coalesce(j.stateid, 0) = l.stateid
            order by q.jobid, q.id
            for update of q
        ), renewed as (
            update hangfire.jobqueue q set fetchedat = now() where q.id = any(array(select id from held))
        )
        select id from held
        """;

    public async Task<IReadOnlyList<Claim>> RenewAsync(IReadOnlyList<Lease> leases, CancellationToken cancellationToken)
    {
        if (leases.Count == 0)
            return [];
        await using var connection = await ConnectAsync(cancellationToken);
        await using var batch = IndexedBatch(connection, Command(RenewSql,
            Parameters.Ids(leases.Select(l => l.JobId)),
            Parameters.Ids(leases.Select(l => l.Claim.QueueRowId)),
            Parameters.Of(leases.Select(l => l.Claim.Token).ToArray(), NpgsqlDbType.Integer),
            Parameters.Ids(leases.Select(l => l.StateId))));
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.NextResultAsync(cancellationToken);
        var held = new HashSet<long>(leases.Count);
        while (await reader.ReadAsync(cancellationToken))
            held.Add(reader.GetInt64(0));
        return [.. leases.Where(l => !held.Contains(l.Claim.QueueRowId)).Select(l => l.Claim)];
    }

    // Rows that were not renewed for a while, and that nobody alive can be thought to hold: their job was claimed and never
    // started, or it runs on one of our workers that fell silent, or a foreign server has kept it for longer than Hangfire's
    // own servers would respect. The age of the row counts in each case: a job that was rescued and claimed anew still
    // names its dead worker until its new one has written Processing.
    const string RescueSql = """
        with dead as materialized (
            select q.id
            from hangfire.jobqueue q
            left join hangfire.job j on j.id = q.jobid
            left join hangfire.state s on s.id = j.stateid
            where q.fetchedat < now() - least($1, $2)
              and (q.fetchedat < now() - $2
                   or j.statename in ('Enqueued', 'Scheduled')
                   or j.statename = 'Processing' and starts_with(s.data ->> 'ServerId', $3) and not exists (
                          select from hangfire.server v
                          where v.id = s.data ->> 'ServerId' and v.lastheartbeat >= now() - $1))
            for update of q skip locked
        ), rescued as (
            update hangfire.jobqueue q set fetchedat = null, updatecount = q.updatecount + 1
            where q.id = any(array(select id from dead))
        )
        select count(*), (select count(pg_notify('new_job', '')) from (select from dead limit 1) once) from dead
        """;

    public Task<int> RescueAsync(TimeSpan silence, CancellationToken cancellationToken) =>
        NumberAsync(Command(RescueSql, Parameters.Of(silence), Parameters.Of(_options.InvisibilityTimeout),
            Parameters.Of(ServerInfo.NamePrefix)), cancellationToken);
}
