namespace JobRunner.Postgres;

static class StateChangeSql
{
    // How changes of state are written: optimistically first, carefully when that fails.
    //
    // All that follows 'change' reads 'change' only, never what another part returned: that would be quadratic (21 thousand jobs
    // a second instead of 37 in batches of 1,000). So the optimistic form writes as if every guard held, and if one did not, the
    // statement fails and nothing of the batch has happened; so it does if somebody else has a job's lock. That is rare,
    // because who changes a job has its lock, and it spares looking up and locking each row before it is written: 23 instead
    // of 33 ms for 1,000 jobs.
    //
    // The careful form looks first. 'given' says which jobs we have Hangfire's lock of (JobLocks); a row of
    // ours has this transaction as its maker. 'change' keeps those changes whose guards hold and locks their rows.
    //
    // Both are exact although all parts see the snapshot of the statement's start. If another transaction changes the job
    // first, 'for update' and 'update' wait for it and check the newest row again; a new state has a new id, so the guard
    // fails. A claim that was taken back shows in its queue row, which is locked and checked again in the same way.
    const string ColumnsSql = """

            from unnest($1::int[], $2::bigint[], $3::bigint[], $4::bigint[], $5::int[], $6::bool[], $7::json[], $8::bool[],
                        $9::text[], $10::float8[], $11::text[], $12::bool[], $13::bool[], $14::bool[], $15::bool[],
                        $16::text[], $17::text[],
                        $18::text[], $19::text[], $20::timestamptz[], $21::jsonb[],
                        $22::text[], $23::text[], $24::timestamptz[], $25::jsonb[],
                        $26::text[], $27::text[], $28::timestamptz[], $29::jsonb[], $30::interval[])
                as c(ord, jobid, seen, queueid, token, ends, parameters, final,
                     queue, score, entry, leavesschedule, addsretry, leavesretries, leavesawaiting,
                     counted, uncounted,
                     name1, reason1, at1, data1, name2, reason2, at2, data2, name3, reason3, at3, data3, retention)
        """;

    const string WithIdsSql = """
        change as materialized (
            select c.*,
                   case when c.name1 is not null then nextval('hangfire.state_id_seq') end as id1,
                   case when c.name2 is not null then nextval('hangfire.state_id_seq') end as id2,
                   nextval('hangfire.state_id_seq') as id3
        """;

    // Without $32: the locks are taken, or this is not reached.
    const string OptimisticSql = "with " + WithIdsSql + ColumnsSql + """
        ), claimed as materialized (
            select c.queueid, c.ends
            from change c
            cross join lateral (
                select from hangfire.jobqueue where id = c.queueid and updatecount = c.token for update) q
        ), ended as (
            delete from hangfire.jobqueue where id = any(array(select queueid from claimed where ends))
        """;

    const string CarefulSql = """
        with given as materialized (
            select c.*, (select true from hangfire.lock
                         where resource = $32 || c.jobid || ':state-lock' and xmin = pg_current_xact_id()::xid) as ours
        """ + ColumnsSql + "), " + WithIdsSql + """

            from given c
            cross join lateral (
                select from hangfire.job where id = c.jobid and coalesce(stateid, 0) = c.seen for update) j
        """;

    // After the job, so that a job and its queue row are always locked in this order; the changes come sorted by job.
    const string ClaimGuardSql = """

            cross join lateral (
                select from hangfire.jobqueue where id = c.queueid and updatecount = c.token for update) q
        """;

    // It alone reads 'given': a late end changes nothing, but gives up its claim all the same. One that was not tried does not.
    const string CarefulEndSql = """

            where c.ours
        ), ended as (
            delete from hangfire.jobqueue where id = any(array(
                select q.id from given e
                cross join lateral (
                    select id from hangfire.jobqueue where id = e.queueid and updatecount = e.token for update) q
                where e.ends and e.ours))
        """;

    // What is deleted is found one by one before: the tables may have been empty when they were vacuumed last, and joining them
    // was quadratic then (120 ms instead of 35 for 1,000 jobs).
    // A job that is enqueued while a row of it waits already (requeued, then requeued again) gets a new row instead of that
    // one, not beside it: a claim that has seen the old row is about to drop it for the job's old state.
    const string EffectsSql = """

        ), history as (
            insert into hangfire.state (id, jobid, name, reason, createdat, data)
            select h.id, c.jobid, h.name, h.reason, h.at, h.data
            from change c cross join lateral (values
                (c.id1, c.name1, c.reason1, c.at1, c.data1),
                (c.id2, c.name2, c.reason2, c.at2, c.data2),
                (c.id3, c.name3, c.reason3, c.at3, c.data3)) as h(id, name, reason, at, data)
            where h.name is not null
        ), jobs as (
            update hangfire.job j
            set stateid = c.id3, statename = c.name3, expireat = now() + c.retention
            from change c where j.id = c.jobid and coalesce(j.stateid, 0) = c.seen
            returning true
        ), replaced as (
            delete from hangfire.jobqueue where id = any(array(
                select q.id from change c
                cross join lateral (select id, fetchedat from hangfire.jobqueue where jobid = c.jobid order by queue) q
                where c.queue is not null and q.fetchedat is null))
        ), waiting as (
            insert into hangfire.jobqueue (jobid, queue)
            select c.jobid, c.queue from change c where c.queue is not null
        ), entered as (
            insert into hangfire.set (key, score, value)
            select 'retries', 0, c.jobid::text from change c where c.addsretry
            union all
            select 'schedule', c.score, c.entry from change c where c.score is not null
            on conflict (key, value) do update set score = excluded.score
        ), departed as (
            delete from hangfire.set where id = any(array(
                select s.id from change c
                cross join lateral (values
                    ('schedule', c.jobid::text, c.leavesschedule), ('schedule', c.entry, c.leavesschedule),
                    ('retries', c.jobid::text, c.leavesretries), ('awaiting', c.jobid::text, c.leavesawaiting)) as d(key, value, departs)
                cross join lateral (
                    select id from hangfire.set where key = d.key and value between d.value and d.value order by value) s
                where (c.leavesschedule or c.leavesretries or c.leavesawaiting) and d.departs))
        ), oldparameters as (
            delete from hangfire.jobparameter where id = any(array(
                select p.id from change c
                cross join lateral json_object_keys(c.parameters) k(name)
                cross join lateral (select id from hangfire.jobparameter where jobid = c.jobid and name = k.name offset 0) p
                where c.parameters is not null))
        ), newparameters as (
            insert into hangfire.jobparameter (jobid, name, value)
            select c.jobid, p.key, p.value from change c cross join lateral json_each_text(c.parameters) p
            where c.parameters is not null
        ), statistics as (
            insert into hangfire.counter (key, value, expireat)
            select 'stats:' || t.counted || k.suffix, t.n, k.expireat
            from (select c.counted, count(*) as n from change c where c.counted is not null group by c.counted) t
            cross join lateral (values
                (to_char(now() at time zone 'utc', ':YYYY-MM-DD'), now() + interval '1 month'),
                (to_char(now() at time zone 'utc', ':YYYY-MM-DD-HH24'), now() + interval '1 day'),
                ('', null)) as k(suffix, expireat)
            where k.suffix <> '' or t.counted <> 'failed'
            union all
            select 'stats:' || c.uncounted, -count(*), null from change c where c.uncounted is not null group by c.uncounted
        )
        """;

    // The last column is the jobs that wait for this one, for the caller to release: read by this statement, which began after
    // the lock was had, it cannot miss one.
    const string AnswerSql = """

        select c.ord, c.id3,
               (select count(pg_notify('new_job', '')) from (select from change where queue is not null limit 1) once),
               (select count(pg_notify($31, 'withdrawn:' || o.jobid || ':' || o.id3)) from change o
                where o.queueid is null
                  and (select bool_or(q.fetchedat is not null)
                       from (select fetchedat from hangfire.jobqueue where jobid = o.jobid order by queue) q)),
               case when c.final then (
                   select array_agg(p.value) from hangfire.jobparameter p where p.jobid = c.jobid and p.name = 'Continuations') end
        """;

    // A text that is no number: administrators see it in their server's log, and it should tell them that all is well.
    const string AllOrNothingSql = """
        , (select case when (select count(*) from claimed) = count(*) and (select count(*) from jobs) = count(*) then '1'
                  else 'JobRunner: not an error, some of these ' || count(*) || ' jobs have moved on, the batch is written again' end::int
           from change)
        from change c
        """;

    const string SomeSql = """

        from change c
        union all
        select ord, null, null, null, null from given where ours is null
        """;

    public const string Optimistic = OptimisticSql + EffectsSql + AnswerSql + AllOrNothingSql;
    public const string Claimed = CarefulSql + ClaimGuardSql + CarefulEndSql + EffectsSql + AnswerSql + SomeSql;
    public const string Outside = CarefulSql + CarefulEndSql + EffectsSql + AnswerSql + SomeSql;
}
