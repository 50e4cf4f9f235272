using JobRunner.Storage;

namespace JobRunner.Postgres;

/// <summary>Keeps claims, and gives them back or up.</summary>
sealed class Leases(Database database, HistoryLines? history)
{
    // The token (column updatecount) is negative while one of our workers has the row: a Hangfire server leaves the column as
    // it is, or counts it up, so rows that we took can be told from theirs. It changes with every claim and every release, and begins
    // anew where an integer ends.
    // The token alone tells whether a claim is held: it changes with every claim, release and rescue. That a row is fetched
    // need not be asked, and must not: the planner would take the index on that.
    const string ReleaseSql = """
        with held as materialized (
            select q.id,
        """ + QueueRowSql.HasNewer + """
             as old
            from unnest($1::bigint[], $2::int[]) as c(id, token)
            cross join lateral (select id, jobid from hangfire.jobqueue where id = c.id and updatecount = c.token for update) q
        ), gone as (
            delete from hangfire.jobqueue where id = any(array(select id from held where old))
        ), released as (
            update hangfire.jobqueue set fetchedat = null, updatecount = abs(updatecount::bigint) % 2147483647 + 1
            where id = any(array(select id from held where not old))
        )
        select
        """ + " " + NewJobSignal.SendSql + " from (select count(*) as jobs from held where not old having count(*) > 0) told";

    /// <summary>Gives claims back; those that are no longer held are left alone.</summary>
    public Task ReleaseAsync(IReadOnlyList<Claim> claims, CancellationToken cancellationToken) => claims.Count == 0
        ? Task.CompletedTask
        : database.NumberAsync(
            database.Command(ReleaseSql, Parameters.QueueRows(claims), Parameters.Tokens(claims)),
            cancellationToken);

    // Whether the job has moved on is looked at here, and not believed: a row that goes although its job still needs it would
    // be a job that never runs.
    const string DropSql = """
        with held as materialized (
            select q.id, (select coalesce(j.stateid, 0) from hangfire.job j where j.id = c.jobid) is distinct from c.stateid or
        """ + QueueRowSql.HasNewer + """
             as moved
            from unnest($1::bigint[], $2::int[], $3::bigint[], $4::bigint[]) as c(id, token, jobid, stateid)
            cross join lateral (select id, jobid from hangfire.jobqueue where id = c.id and updatecount = c.token for update) q
        ), gone as (
            delete from hangfire.jobqueue where id = any(array(select id from held where moved))
        ), released as (
            update hangfire.jobqueue set fetchedat = null, updatecount = abs(updatecount::bigint) % 2147483647 + 1
            where id = any(array(select id from held where not moved))
        )
        select
        """ + " " + NewJobSignal.SendSql + " from (select count(*) as jobs from held where not moved having count(*) > 0) told";

    public async Task DropAsync(IReadOnlyList<Lease> leases, CancellationToken cancellationToken)
    {
        if (leases.Count == 0)
            return;
        var claims = leases.Select(lease => lease.Claim).ToArray();
        await using var connection = await database.OpenAsync(cancellationToken);
        await using var batch = Database.IndexedBatch(connection);
        if (history is not null && await history.OfLeasesAsync(connection, leases, cancellationToken) is { } lines)
            batch.BatchCommands.Add(lines);
        batch.BatchCommands.Add(database.Command(DropSql, Parameters.QueueRows(claims), Parameters.Tokens(claims),
            Parameters.Ids(leases.Select(lease => lease.JobId)), Parameters.Ids(leases.Select(lease => lease.StateId))));
        await batch.ExecuteNonQueryAsync(cancellationToken);
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
        using var loan = database.OpenForSignsOfLife();
        using var batch = Database.IndexedBatch(loan.Connection, database.Command(RenewSql,
            Parameters.Ids(leases.Select(l => l.JobId)), Parameters.QueueRows(claims), Parameters.Tokens(claims),
            Parameters.Ids(leases.Select(l => l.StateId))));
        batch.Timeout = ConnectionSettings.SignOfLifeTimeoutSeconds;
        using var reader = batch.ExecuteReader();
        reader.NextResult();
        var lost = new List<Claim>();
        while (reader.Read())
            lost.Add(claims[reader.GetInt64(0) - 1]);
        return lost;
    }
}
