namespace JobRunner.Postgres;

/// <summary>The statement that changes states, whatever the change.</summary>
static class StateChangeSql
{
    /// <summary>$1 the changes, as <see cref="StateChangeJson"/> writes them; $2 what the names of jobs' locks begin with; $3 our channel.</summary>
    /// <remarks>
    /// 'given' says which jobs we have Hangfire's lock of (JobLocks): such a row has this transaction as its maker. 'change' keeps
    /// those changes whose guards hold, and locks their rows: the job, then its queue row, always in this order; the changes come sorted by job.
    /// All that follows reads 'change' only, never what another part returned: that would be quadratic.
    ///
    /// It is exact although all parts see the snapshot of the statement's start. If another transaction changes the job
    /// first, the lock of the row waits for it and checks the newest row again; a new state has a new id, so the guard fails. A claim that was taken
    /// back shows in its queue row, which is locked and checked again in the same way.
    ///
    /// A late end changes nothing, but gives up its claim all the same ('ended'). One that was not tried does not. A job that is enqueued
    /// while a row of it waits already (requeued, then requeued again) gets a new row instead of that one, not beside it ('replaced'): a claim that has
    /// seen the old row is about to drop it for the job's old state.
    ///
    /// What is deleted is found one by one before: the tables may have been empty when they were vacuumed last, and joining them was
    /// quadratic then (120 ms instead of 35 for 1,000 jobs).
    ///
    /// The last column of the answer is the jobs that wait for this one, for the caller to release: read by this statement, which began after
    /// the lock was had, it cannot miss one.
    /// </remarks>
    public const string Apply = $"""
        with given as materialized (
            select c.*, (select true from hangfire.lock
                         where resource = $2 || c.jobid || ':state-lock' and xmin = pg_current_xact_id()::xid) as ours
            from json_to_recordset($1) as c(
                ord int, jobid bigint, seen bigint, queueid bigint, token int, ends bool, states json, name text, parameters json, final bool, retention interval,
                queue text, score float8, entry text, leavesschedule bool, addsretry bool, leavesretries bool, leavesawaiting bool,
                counted text, uncounted text)
        ), change as materialized (
            select c.*, array(select nextval('hangfire.state_id_seq') from json_array_elements(c.states)) as ids
            from given c
            cross join lateral (
                select from hangfire.job where id = c.jobid and coalesce(stateid, 0) = c.seen for no key update) j
            left join lateral (
                select true as isheld from hangfire.jobqueue where id = c.queueid and updatecount = c.token for update) q on true
            where c.ours and (c.queueid is null or q.isheld)
        ), ended as (
            delete from hangfire.jobqueue where id = any(array(
                select q.id from given c
                cross join lateral (
                    select id from hangfire.jobqueue where id = c.queueid and updatecount = c.token for update) q
                where c.ends and c.ours))
        ), history as (
            insert into hangfire.state (id, jobid, name, reason, createdat, data)
            select s.id, c.jobid, s.name, s.reason, s.at, s.data
            from change c
            cross join lateral rows from (
                json_to_recordset(c.states) as (name text, reason text, at timestamptz, data jsonb), unnest(c.ids)) as s(name, reason, at, data, id)
        ), jobs as (
            update hangfire.job j
            set stateid = c.ids[array_length(c.ids, 1)], statename = c.name, expireat = now() + c.retention
            from change c where j.id = c.jobid and coalesce(j.stateid, 0) = c.seen
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
        select c.ord, c.ids[array_length(c.ids, 1)],
               (select {NewJobSignal.SendSql} from (select count(*) as jobs from change where queue is not null having count(*) > 0) told),
               (select count(pg_notify($3, 'withdrawn:' || o.jobid || ':' || o.ids[array_length(o.ids, 1)])) from change o
                where o.queueid is null
                  and (select bool_or(q.fetchedat is not null)
                       from (select fetchedat from hangfire.jobqueue where jobid = o.jobid order by queue) q)),
               case when c.final then (
                   select array_agg(p.value) from hangfire.jobparameter p where p.jobid = c.jobid and p.name = 'Continuations') end
        from change c
        union all
        select ord, null, null, null, null from given where ours is null
        """;
}
