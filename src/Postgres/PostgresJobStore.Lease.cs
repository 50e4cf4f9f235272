using JobRunner.Storage;
using Npgsql;
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
        claims.Count == 0 ? Task.CompletedTask : NumberAsync(Command(ReleaseSql, Ids(claims), Tokens(claims)), cancellationToken);

    const string DropSql = """
        delete from hangfire.jobqueue q
        using unnest($1::bigint[], $2::int[]) as c(id, token)
        where q.id = c.id and q.updatecount = c.token and q.fetchedat is not null
        """;

    public async Task DropAsync(IReadOnlyList<Claim> claims, CancellationToken cancellationToken)
    {
        if (claims.Count == 0)
            return;
        await using var connection = await ConnectAsync(cancellationToken);
        await using var batch = IndexedBatch(connection, Command(DropSql, Ids(claims), Tokens(claims)));
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    // A lease is lost when its queue row went or was taken again, and also when somebody else changed the job's state: then the
    // row is not ours to renew. A row that is locked just now is being finished or taken back; the next round will know.
    const string RenewSql = """
        with leased as materialized (
            select l.*, exists (
                select from hangfire.jobqueue q join hangfire.job j on j.id = q.jobid
                where q.id = l.queueid and q.jobid = l.jobid and q.updatecount = l.token and q.fetchedat is not null
                  and coalesce(j.stateid, 0) = l.stateid) as held
            from unnest($1::bigint[], $2::bigint[], $3::int[], $4::bigint[]) with ordinality as l(jobid, queueid, token, stateid, ord)
        ), free as materialized (
            select q.id
            from leased l join hangfire.jobqueue q on q.id = l.queueid
            where l.held and q.updatecount = l.token and q.fetchedat is not null
            for update of q skip locked
        ), renewed as (
            update hangfire.jobqueue q set fetchedat = now() where q.id = any(array(select id from free))
        )
        select ord from leased where not held order by ord
        """;

    public async Task<IReadOnlyList<Claim>> RenewAsync(IReadOnlyList<Lease> leases, CancellationToken cancellationToken)
    {
        if (leases.Count == 0)
            return [];
        var claims = leases.Select(l => l.Claim).ToArray();
        await using var connection = await ConnectAsync(cancellationToken);
        await using var batch = IndexedBatch(connection, Command(RenewSql,
            Parameters.Ids(leases.Select(l => l.JobId)), Ids(claims), Tokens(claims), Parameters.Ids(leases.Select(l => l.StateId))));
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.NextResultAsync(cancellationToken);
        var lost = new List<Claim>();
        while (await reader.ReadAsync(cancellationToken))
            lost.Add(claims[reader.GetInt64(0) - 1]);
        return lost;
    }

    static NpgsqlParameter Ids(IEnumerable<Claim> claims) => Parameters.Ids(claims.Select(c => c.QueueRowId));

    static NpgsqlParameter Tokens(IEnumerable<Claim> claims) => Parameters.Of(claims.Select(c => c.Token).ToArray(), NpgsqlDbType.Integer);
}
