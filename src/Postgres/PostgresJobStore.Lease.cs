using JobRunner.Storage;
using Npgsql;
using NpgsqlTypes;

namespace JobRunner.Postgres;

sealed partial class PostgresJobStore
{
    // The token (column updatecount) is negative while one of our workers has the row: a Hangfire server leaves the column as
    // it is, or counts it up, so rows that we took can be told from theirs. It changes with every claim and every release, and begins
    // anew where an integer ends.
    // The token alone tells whether a claim is held: it changes with every claim, release and rescue. That a row is fetched
    // need not be asked, and must not: the planner would take the index on that.
    const string ReleaseSql = """
        with held as materialized (
            select q.id,
        """ + HasNewerSql + """
             as old
            from unnest($1::bigint[], $2::int[]) as c(id, token)
            cross join lateral (select id, jobid from hangfire.jobqueue where id = c.id and updatecount = c.token for update) q
        ), gone as (
            delete from hangfire.jobqueue where id = any(array(select id from held where old))
        ), released as (
            update hangfire.jobqueue set queue = coalesce($3, queue), fetchedat = null, updatecount = abs(updatecount::bigint) % 2147483647 + 1
            where id = any(array(select id from held where not old))
        )
        select count(pg_notify('new_job', '')) from (select from held where not old limit 1) once
        """;

    // Of row q: true when its job was enqueued anew while it ran, and has a row that came later. Then q stands for nothing any more:
    // given back it would run the job beside its new run, or once more. Only the newest is needed, so who removes older ones at the
    // same moment as others cannot remove all.
    const string HasNewerSql = """

            (select bool_or(n.id > q.id) from (select id from hangfire.jobqueue where jobid = q.jobid order by queue) n)
        """;

    public Task ReleaseAsync(IReadOnlyList<Claim> claims, CancellationToken cancellationToken) => ReleaseAsync(claims, null, cancellationToken);

    public Task MoveAsync(IReadOnlyList<Claim> claims, string queue, CancellationToken cancellationToken) =>
        ReleaseAsync(claims, queue, cancellationToken);

    Task ReleaseAsync(IReadOnlyList<Claim> claims, string? queue, CancellationToken cancellationToken) => claims.Count == 0
        ? Task.CompletedTask
        : NumberAsync(Command(ReleaseSql, Ids(claims), Tokens(claims), Parameters.TextOrNull(queue)), cancellationToken);

    // Whether the job has moved on is looked at here, and not believed: a row that goes although its job still needs it would
    // be a job that never runs.
    const string DropSql = """
        with held as materialized (
            select q.id, (select coalesce(j.stateid, 0) from hangfire.job j where j.id = c.jobid) is distinct from c.stateid or
        """ + HasNewerSql + """
             as moved
            from unnest($1::bigint[], $2::int[], $3::bigint[], $4::bigint[]) as c(id, token, jobid, stateid)
            cross join lateral (select id, jobid from hangfire.jobqueue where id = c.id and updatecount = c.token for update) q
        ), gone as (
            delete from hangfire.jobqueue where id = any(array(select id from held where moved))
        ), released as (
            update hangfire.jobqueue set fetchedat = null, updatecount = abs(updatecount::bigint) % 2147483647 + 1
            where id = any(array(select id from held where not moved))
        )
        select count(pg_notify('new_job', '')) from (select from held where not moved limit 1) once
        """;

    public Task DropAsync(IReadOnlyList<Lease> leases, CancellationToken cancellationToken)
    {
        if (leases.Count == 0)
            return Task.CompletedTask;
        var claims = leases.Select(lease => lease.Claim).ToArray();
        return NumberAsync(Command(DropSql, Ids(claims), Tokens(claims), Parameters.Ids(leases.Select(lease => lease.JobId)),
            Parameters.Ids(leases.Select(lease => lease.StateId))), cancellationToken);
    }

    // A lease is lost when its queue row went or was taken again, and also when somebody else changed the job's state: then the
    // row is not ours to renew. A row that is locked just now is being finished or taken back; the next round will know.
    const string RenewSql = """
        with leased as materialized (
            select l.*, (select q.updatecount from hangfire.jobqueue q where q.id = l.queueid) = l.token
                    and (select coalesce(j.stateid, 0) from hangfire.job j where j.id = l.jobid) = l.stateid as held
            from unnest($1::bigint[], $2::bigint[], $3::int[], $4::bigint[]) with ordinality as l(jobid, queueid, token, stateid, ord)
        ), free as materialized (
            select l.queueid as id
            from leased l
            cross join lateral (
                select from hangfire.jobqueue where id = l.queueid and updatecount = l.token for update skip locked) q
            where l.held
        ), renewed as (
            update hangfire.jobqueue set fetchedat = now() where id = any(array(select id from free))
        )
        select ord from leased where held is not true
        """;

    public IReadOnlyList<Claim> Renew(IReadOnlyList<Lease> leases)
    {
        if (leases.Count == 0)
            return [];
        var claims = leases.Select(l => l.Claim).ToArray();
        using var connection = _signsOfLife.Open();
        using var batch = IndexedBatch(connection, Command(RenewSql,
            Parameters.Ids(leases.Select(l => l.JobId)), Ids(claims), Tokens(claims), Parameters.Ids(leases.Select(l => l.StateId))));
        batch.Timeout = SignOfLifeTimeoutSeconds;
        using var reader = batch.ExecuteReader();
        reader.NextResult();
        var lost = new List<Claim>();
        while (reader.Read())
            lost.Add(claims[reader.GetInt64(0) - 1]);
        return lost;
    }

    static NpgsqlParameter Ids(IEnumerable<Claim> claims) => Parameters.Ids(claims.Select(c => c.QueueRowId));

    static NpgsqlParameter Tokens(IEnumerable<Claim> claims) => Parameters.Of(claims.Select(c => c.Token).ToArray(), NpgsqlDbType.Integer);
}
