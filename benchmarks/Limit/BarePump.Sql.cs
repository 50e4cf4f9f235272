namespace JobRunner.Benchmarks;

sealed partial class BarePump
{
    // With Hangfire's culture parameter, which a run needs like its arguments.
    const string ClaimSql = """
        with taken as (
            update hangfire.jobqueue set fetchedat = now(), updatecount = updatecount + 1
            where id = any(array(
                select id from hangfire.jobqueue
                where queue = 'default' and fetchedat is null
                order by fetchedat nulls first, jobid
                limit $1
                for update skip locked))
            returning id, jobid, fetchedat
        )
        select taken.id, taken.jobid, taken.fetchedat, j.stateid, j.createdat, j.invocationdata, j.arguments, p.names, p.values
        from taken
        cross join lateral (select stateid, createdat, invocationdata, arguments from hangfire.job where id = taken.jobid offset 0) j
        left join lateral (
            select array_agg(name) as names, array_agg(value) as values from hangfire.jobparameter where jobid = taken.jobid) p on true
        """;

    const string LockSql = """
        insert into hangfire.lock (resource, updatecount, acquired)
        select 'hangfire:job:' || j.id || ':state-lock', 1, now() from unnest($1::bigint[]) as j(id)
        """;

    // The guards are those of every program that shares the tables: the job is in the state that was seen, and the claim is
    // still held. The caller compares the counts.
    const string EndSql = """
        with done as materialized (
            select d.*, nextval('hangfire.state_id_seq') as processing, nextval('hangfire.state_id_seq') as succeeded
            from unnest($1::bigint[], $2::bigint[], $3::jsonb[], $4::jsonb[]) as d(jobid, seen, started, ended)
        ), history as (
            insert into hangfire.state (id, jobid, name, createdat, data)
            select h.id, d.jobid, h.name, $5, h.data from done d
            cross join lateral (values (d.processing, 'Processing', d.started), (d.succeeded, 'Succeeded', d.ended)) as h(id, name, data)
        ), jobs as (
            update hangfire.job j set stateid = d.succeeded, statename = 'Succeeded', expireat = now() + interval '1 day'
            from done d where j.id = d.jobid and j.stateid = d.seen
            returning true
        ), ended as (
            delete from hangfire.jobqueue where id = any($6::bigint[]) and fetchedat = $7
            returning true
        )
        select (select count(*) from jobs), (select count(*) from ended)
        """;

    const string CountSql = """
        insert into hangfire.counter (key, value, expireat)
        select 'stats:succeeded' || k.suffix, $1, k.expireat
        from (values (to_char(now() at time zone 'utc', ':YYYY-MM-DD'), now() + interval '1 month'),
                     (to_char(now() at time zone 'utc', ':YYYY-MM-DD-HH24'), now() + interval '1 day'),
                     ('', null)) as k(suffix, expireat)
        """;

    const string UnlockSql = """
        delete from hangfire.lock
        where resource = any(array(select 'hangfire:job:' || j.id || ':state-lock' from unnest($1::bigint[]) as j(id)))
        """;
}
