namespace JobRunner.Postgres;

/// <summary>Removes what has expired.</summary>
/// <param name="database">The database.</param>
/// <param name="abandoned">How old the lock of a Hangfire server is that has died.</param>
sealed class Expiry(Database database, TimeSpan abandoned)
{
    // Hangfire's servers have a lock for this (without their schema's name). While one has it, it is left to them. We do not take it:
    // rows that somebody else is at are skipped, so that two workers remove twice as much as one; more than two would only be in the jobs' way.
    const string MaySql = """
        select count(*) from (
            select from (values (1), (2)) as place(n)
            where not exists (select from hangfire.lock where resource = 'locks:expirationmanager' and acquired > now() - $1::interval)
              and pg_try_advisory_xact_lock('hangfire.job'::regclass::oid::int, place.n)
            limit 1) mine
        """;

    // States and parameters go with the job, by Hangfire's own cascade. One that has ended stays while a job waits for it: its worker died
    // before it could release that, the sweep will, and has to know how this one ended. The list may be anybody's: it is not read as JSON.
    internal const string JobsSql = $$"""
        with gone as materialized (
            select j.id from hangfire.job j
            where j.expireat < now() and not (j.statename in {{StateSql.Final}} and exists (
                select from hangfire.jobparameter p
                cross join lateral regexp_matches(p.value, '"JobId" ?: ?"?([0-9]{1,18})', 'g') as listed(id)
                cross join lateral (select from hangfire.job where id = listed.id[1]::bigint and statename = 'Awaiting' offset 0) waits
                where p.jobid = j.id and p.name = 'Continuations'))
            order by j.expireat limit $1 for update of j skip locked
        ), jobs as (
            delete from hangfire.job where id = any(array(select id from gone))
        ), lines as (
            delete from jobrunner.log where jobid = any(array(select id from gone))
        ), reports as (
            delete from jobrunner.progress where jobid = any(array(select id from gone))
        )
        select count(*) from gone
        """;

    static readonly string[] _others = [.. new[] { "counter", "aggregatedcounter", "hash", "set", "list" }.Select(table => $"""
        delete from hangfire.{table}
        where id = any(array(select id from hangfire.{table} where expireat < now() limit $1 for update skip locked))
        """)];

    // Those of sets of methods that nobody leaves any more.
    const string SweepsSql = "delete from jobrunner.sweep where due < now() - interval '1 hour'";

    public async Task<int> ExpireAsync(int count, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        if (await Database.NumberAsync(connection, database.Command(MaySql, Parameters.Of(abandoned)), cancellationToken) == 0)
            return 0;
        var jobs = await Database.NumberAsync(connection, database.Command(JobsSql, Parameters.Of(count)), cancellationToken);
        await using var batch = Database.IndexedBatch(
            connection, [.. _others.Select(sql => database.Command(sql, Parameters.Of(count))), database.Command(SweepsSql)]);
        await batch.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return jobs;
    }
}
