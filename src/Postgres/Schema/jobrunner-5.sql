-- Marks and successes of runs, all or none (RunWriter). The arrays have one element for each job; jobids are sorted, for in this order jobs are locked
-- everywhere. Where a change has no state Processing (started) or Succeeded (ended), these are null, and so is retention where a job stays for ever.
--
-- Their guards: Hangfire's lock of the job is ours, the claim is held, the job is in the state that was seen. All is written as if they held; if one does not,
-- everything is undone and stateids is null. A function does that in one round trip: a transaction that waited for its client between two would
-- keep its locks for as long as that client is stopped, starved of threads, or cut off.
--
-- The settings: plans are kept, so they outlive the sizes that they were made for, and no other way of reading than by index is allowed.
create or replace function jobrunner.write_runs(
    lockprefix text, jobids bigint[], seen bigint[], queueids bigint[], tokens integer[],
    startedat timestamptz[], started jsonb[], endedat timestamptz[], ended jsonb[], retention interval[],
    out stateids bigint[], out parents bigint[], out continuations text[])
language plpgsql
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set enable_sort = off
set jit = off
set plan_cache_mode = force_generic_plan
as $$
declare
    locked integer;
    held boolean;
begin
    insert into hangfire.lock (resource, updatecount, acquired)
    select lockprefix || j.id || ':state-lock', 1, now() from unnest(jobids) as j(id)
    on conflict do nothing;
    get diagnostics locked = row_count;

    -- All parts read 'run' only, never what another part returned: that would be quadratic. A mark has its queue row locked, an end has it deleted; then
    -- what was found is compared with the claims.
    if locked = cardinality(jobids) then
        with run as materialized (
            select r.*,
                   case when r.started is not null then nextval('hangfire.state_id_seq') end as processing,
                   case when r.ended is not null then nextval('hangfire.state_id_seq') end as succeeded
            from unnest(jobids, seen, queueids, tokens, startedat, started, endedat, ended, retention)
                as r(jobid, seen, queueid, token, startedat, started, endedat, ended, retention)
        ), history as (
            insert into hangfire.state (id, jobid, name, createdat, data)
            select s.id, r.jobid, s.name, s.at, s.data
            from run r
            cross join lateral (values
                (r.processing, 'Processing', r.startedat, r.started), (r.succeeded, 'Succeeded', r.endedat, r.ended)) as s(id, name, at, data)
            where s.id is not null
        ), changed as (
            update hangfire.job j
            set stateid = coalesce(r.succeeded, r.processing), statename = case when r.ended is null then 'Processing' else 'Succeeded' end,
                expireat = now() + r.retention
            from run r where j.id = r.jobid and coalesce(j.stateid, 0) = r.seen
            returning true
        ), marked as materialized (
            select q.id, q.updatecount from hangfire.jobqueue q
            where q.id = any(array(select r.queueid from run r where r.ended is null)) for update
        ), gone as (
            delete from hangfire.jobqueue q
            where q.id = any(array(select r.queueid from run r where r.ended is not null))
            returning q.id, q.updatecount
        ), statistics as (
            insert into hangfire.counter (key, value, expireat)
            select 'stats:succeeded' || k.suffix, t.n, k.expireat
            from (select count(r.ended) as n from run r) t
            cross join lateral (values
                (to_char(now() at time zone 'utc', ':YYYY-MM-DD'), now() + interval '1 month'),
                (to_char(now() at time zone 'utc', ':YYYY-MM-DD-HH24'), now() + interval '1 day'),
                ('', null)) as k(suffix, expireat)
            where t.n > 0
        )
        select array_agg(coalesce(r.succeeded, r.processing) order by r.jobid),
               (select count(*) from changed) = count(*)
               and (array_agg(r.queueid order by r.queueid), array_agg(r.token order by r.queueid))
                   = (select array_agg(q.id order by q.id), array_agg(q.updatecount order by q.id)
                      from (select * from marked union all select * from gone) q)
        into stateids, held
        from run r;
    end if;

    if held is not true then
        raise exception 'A guard does not hold.' using errcode = 'JR001';
    end if;

    -- Who waits for the jobs that have ended. Read under their locks, it cannot miss one.
    select array_agg(p.jobid), array_agg(p.value) into parents, continuations
    from hangfire.jobparameter p
    where p.jobid = any(array(select r.jobid from unnest(jobids, ended) as r(jobid, ended) where r.ended is not null)) and p.name = 'Continuations';

    delete from hangfire.lock
    where resource = any(array(select lockprefix || j.id || ':state-lock' from unnest(jobids) as j(id)));
exception
    -- The second: a job's row has gone while it ran.
    when sqlstate 'JR001' or foreign_key_violation then
        stateids := null;
        parents := null;
        continuations := null;
end
$$;

update jobrunner.version set version = 5;
