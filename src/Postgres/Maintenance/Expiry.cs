namespace JobRunner.Postgres;

/// <summary>Removes what has expired.</summary>
sealed class Expiry(Database database, DistributedLocks locks)
{
    // States and parameters go with the job, by Hangfire's own cascade. One that has ended stays while a job waits for it: its worker died
    // before it could release that, the sweep will, and has to know how this one ended. The list may be anybody's: it is not read as JSON.
    const string ExpireJobsSql = $$"""
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

    const string ExpireCountersSql = """
        delete from hangfire.counter
        where id = any(array(select id from hangfire.counter where expireat < now() limit $1 for update skip locked))
        """;

    const string ExpireTotalsSql = """
        delete from hangfire.aggregatedcounter
        where id = any(array(select id from hangfire.aggregatedcounter where expireat < now() limit $1 for update skip locked))
        """;

    const string ExpireHashesSql = """
        delete from hangfire.hash
        where id = any(array(select id from hangfire.hash where expireat < now() limit $1 for update skip locked))
        """;

    const string ExpireSetsSql = """
        delete from hangfire.set
        where id = any(array(select id from hangfire.set where expireat < now() limit $1 for update skip locked))
        """;

    const string ExpireListsSql = """
        delete from hangfire.list
        where id = any(array(select id from hangfire.list where expireat < now() limit $1 for update skip locked))
        """;

    // Those of sets of methods that nobody leaves any more.
    const string ExpireSweepsSql = "delete from jobrunner.sweep where due < now() - interval '1 hour'";

    // Hangfire's aggregator does the same, where one runs. Without it the statistics would be summed over ever more rows. In
    // order of the keys, so that two workers that do this at once do not wait for each other in a circle.
    const string AggregateSql = """
        with moved as (
            delete from hangfire.counter
            where id = any(array(select id from hangfire.counter order by id limit 10000 for update skip locked))
            returning key, value, expireat
        )
        insert into hangfire.aggregatedcounter as total (key, value, expireat)
        select key, sum(value), max(expireat) from moved group by key order by key
        on conflict (key) do update
        set value = total.value + excluded.value, expireat = greatest(total.expireat, excluded.expireat)
        """;

    static readonly string[] _expiries = [ExpireCountersSql, ExpireTotalsSql, ExpireHashesSql, ExpireSetsSql, ExpireListsSql];

    /// <remarks>Under the lock that Hangfire's servers have for it (without their schema's name), so that one of all does it.</remarks>
    public async Task<int> ExpireAsync(int count, CancellationToken cancellationToken)
    {
        var jobs = 0;
        await locks.UnderLockAsync("locks:expirationmanager", TimeSpan.Zero, async connection =>
        {
            jobs = await Database.NumberAsync(connection, database.Command(ExpireJobsSql, Parameters.Of(count)), cancellationToken);
            await using var batch = Database.Batch(
                connection, [.. _expiries.Select(sql => database.Command(sql, Parameters.Of(count))), database.Command(ExpireSweepsSql), database.Command(AggregateSql)]);
            await batch.ExecuteNonQueryAsync(cancellationToken);
        }, cancellationToken);
        return jobs;
    }
}
