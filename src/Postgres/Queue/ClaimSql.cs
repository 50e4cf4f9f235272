namespace JobRunner.Postgres;

/// <summary>The statements that claim. Both end with the same parts: what has been picked is dropped or taken, and read.</summary>
static class ClaimSql
{
    // Whether a job still wants to run, about how many bytes its arguments have, and the call.
    static readonly string _jobSql = $"""
        left join lateral (
            select statename in {StateSql.CanBeTaken} as runs, pg_column_compression(arguments) is not null as packed,
                   case when statename in {StateSql.CanBeTaken} then {StoredSize.Of("arguments")} else 0 end::float8 as size,
                   coalesce(stateid, 0) as stateid, statename, invocationdata, arguments, createdat
            from hangfire.job where id = hit.jobid offset 0) j on true
        """;

    // The row is locked, so this is what the claim makes of it.
    const string TokenSql = "(-(abs(updatecount::bigint) % 2147483647) - 1)::int";

    // Those whose job has gone, or has moved on, have no weight; the first job fits in any case.
    const string NearSql = """
        hit.id, hit.jobid, hit.queue, hit.token, j.runs is true as runs, j.packed, j.size,
               coalesce(sum(j.size) over (rows between unbounded preceding and 1 preceding), 0) < $4 as near,
               j.stateid, j.statename, j.invocationdata, j.arguments, j.createdat
        """;

    // Those that seem to fit are weighed: a text of one character takes a hundredth on disk. To concatenate nothing with arguments does no more than to
    // unpack them.
    const string FitsSql = """
        near and coalesce(sum(case when near and runs and packed then pg_column_size(arguments || '[]') else size end)
                              over (rows between unbounded preceding and 1 preceding), 0) < $4 as fits
        """;

    const string TakeSql = $"""

        ), dropped as (
            delete from hangfire.jobqueue where id = any(array(select id from picked where not runs))
        ), taken as (
            update hangfire.jobqueue set fetchedat = now(), updatecount = {TokenSql}
            where id = any(array(select id from picked where runs and fits))
        )
        """;

    const string ReadSql = $"""
        p.id, p.jobid, p.queue, p.token, p.stateid, p.statename, {StoredCall.DataSql}, p.arguments, p.createdat, parameters.*
        from (select count(*) filter (where not runs) as gone, count(*) filter (where runs and not fits) as heavy, count(*) as n from picked) found
        left join picked p on p.runs and p.fits
        left join lateral (
            select array_agg(name order by id), array_agg(value order by id)
            from hangfire.jobparameter where jobid = p.jobid) parameters on true
        """;

    /// <summary>From the heads of the queues. $1 queues, $2 the most of each, $3 of all, $4 bytes, $5 the job behind which to look in each
    /// queue (<see cref="FullScanThrottle"/>).</summary>
    /// <remarks>Ordering by the constant fetchedat as well is what lets the index (fetchedat nulls first, queue, jobid) answer in order:
    /// 0.7 ms for 1,000 of 60,000 waiting jobs, where sorting them took 48 ms. The queues are visited in their given order
    /// because a lateral join to a function can only be a loop over it, and the outer limit stops that loop.</remarks>
    public static readonly string Heads = $"""
        with picked as materialized (
            select near.*, {FitsSql}
            from (
                select {NearSql}
                from unnest($1::text[], $2::int[], $5::bigint[]) as wanted(queue, most, behind)
                cross join lateral (
                    select id, jobid, queue, {TokenSql} as token from hangfire.jobqueue
                    where queue = wanted.queue and fetchedat is null and jobid > wanted.behind
                    order by fetchedat nulls first, jobid
                    limit wanted.most
                    for update skip locked) hit
                {_jobSql}
                limit $3) near
        {TakeSql}
        select found.*, null::bigint, null::bigint, null::bool, null::bool, {ReadSql}
        """;

    // Rows with the calls of their jobs, and how many bytes the calls before each have together: to compare a method is to read the whole call.
    static readonly string _callsSql = $"""
        left join lateral (
            select invocationdata, ({StoredSize.Of("invocationdata")})::float8 as size
            from hangfire.job where id = rows.jobid offset 0) m on true
        """;

    const string BeforeSql = "m.invocationdata, coalesce(sum(m.size) over (rows between unbounded preceding and 1 preceding), 0) as before";

    // Of a long call the arguments are taken away first: each look into it unpacks it.
    const string MethodSql = $"""
        (select (call.data ->> 'Type') || E'\n' || (call.data ->> 'Method') || E'\n' || coalesce(call.data ->> 'ParameterTypes', '')
         from (select {StoredCall.DataSql} as data from (select read.invocationdata) i offset 0) call)
        """;

    /// <summary>Past jobs of some methods (<see cref="AheadClaims"/>). $1 to $4 as above; $5 the methods to leave, of which $6 and $7 say the first
    /// and the last for each queue; $8 the name of that set; $9 whether to look at the queue's head; $10 the queue row behind which to look at what has come
    /// lately; $11, $12 and $13 how many rows to read at the head, of what came lately, and of the sweep; $14 how many bytes their calls may have, in each of
    /// these places: its first one is read in any case.</summary>
    /// <remarks>A row that stands at the head and has come lately is answered twice.</remarks>
    public static readonly string Ahead = $"""
        with wanted as materialized (
            select w.ord, w.queue, w.most, w.hash, w.head, w.behind, ($5::text[])[w.first:w.last] as leave, sweep.position
            from unnest($1::text[], $2::int[], $6::int[], $7::int[], $8::text[], $9::bool[], $10::bigint[])
                with ordinality as w(queue, most, first, last, hash, head, behind, ord)
            left join lateral (
                select s.position from jobrunner.sweep s
                where s.queue = w.queue and s.hash = w.hash and s.due <= clock_timestamp()
                for update skip locked) sweep on true
        ), late as materialized (
            select rows.*, {BeforeSql}
            from (
                select id, case when fetchedat is null then jobid end as jobid, queue
                from hangfire.jobqueue where id > (select min(behind) from wanted) order by id limit $12) rows
            {_callsSql}
        ), step as materialized (
            select w.ord, read.*
            from wanted w
            cross join lateral (
                select rows.*, {BeforeSql}
                from (
                    select id, jobid from hangfire.jobqueue
                    where queue = w.queue and fetchedat is null and jobid > w.position
                    order by fetchedat nulls first, jobid limit $13) rows
                {_callsSql}) read
            where w.position is not null
        ), picked as materialized (
            select near.*, {FitsSql}
            from (
                select hit.ord, hit.part, {NearSql}
                from (
                    select w.ord, w.queue, seen.part, seen.id, seen.jobid, seen.token
                    from wanted w
                    cross join lateral (
                        select read.part, read.id, read.jobid, free.token
                        from (
                            (select 'head' as part, id, jobid, invocationdata
                             from (
                                 select rows.*, {BeforeSql}
                                 from (
                                     select id, jobid from hangfire.jobqueue
                                     where w.head and queue = w.queue and fetchedat is null
                                     order by fetchedat nulls first, jobid limit $11) rows
                                 {_callsSql}) head
                             where before < $14)
                            union all
                            (select 'late', id, jobid, invocationdata from late
                             where queue = w.queue and jobid is not null and id > w.behind and before < $14)
                            union all
                            (select 'sweep', id, jobid, invocationdata from step where ord = w.ord and before < $14)) read
                        cross join lateral (
                            select {TokenSql} as token
                            from hangfire.jobqueue where id = read.id and (fetchedat is null) is true for update skip locked) free
                        where {MethodSql} = any(w.leave) is not true
                        limit w.most) seen
                    limit $3) hit
                {_jobSql}) near
        ), swept as materialized (
            select w.queue, w.hash, read.more, read.last, hits.last as lasthit,
                   hits.n >= w.most or (select count(*) from picked) >= $3 or exists (select from picked where not fits) as filled
            from wanted w
            cross join lateral (
                select count(*) = $13 or coalesce(bool_or(before >= $14), false) as more, max(jobid) filter (where before < $14) as last
                from step where ord = w.ord) read
            cross join lateral (
                select count(*) as n, max(jobid) filter (where part = 'sweep' and fits) as last from picked p where p.ord = w.ord) hits
            where w.position is not null
        ), moved as (
            update jobrunner.sweep s
            set position = case when swept.filled then coalesce(swept.lasthit, s.position) when swept.more then swept.last else 0 end,
                began = case when s.position = 0 then now() else s.began end,
                due = case when swept.filled or swept.more then now()
                           else clock_timestamp() + greatest(interval '1 second', 20 * (clock_timestamp() - case when s.position = 0 then now() else s.began end)) end
            from swept where s.queue = swept.queue and s.hash = swept.hash and (not swept.filled or swept.lasthit is not null)
        {TakeSql}
        select found.*, (select count(*) from picked where part = 'head'), (select max(id) from late where before < $14),
               (select count(*) = $12 or bool_or(before >= $14) from late), (select bool_or(filled or more) from swept), {ReadSql}
        """;

    /// <summary>Begins a sweep, where the one of a smaller set is. $1 queues, $2 the set, $3 the smaller one or null.</summary>
    public const string BeginSweep = """
        insert into jobrunner.sweep (queue, hash, position, began, due)
        select w.queue, w.hash, coalesce(s.position, 0), coalesce(s.began, now()), now()
        from unnest($1::text[], $2::text[], $3::text[]) as w(queue, hash, smaller)
        left join jobrunner.sweep s on s.queue = w.queue and s.hash = w.smaller
        on conflict (queue, hash) do update set due = least(sweep.due, excluded.due + interval '1 second')
        """;
}
