-- How far the queues have been read past jobs that workers leave where they are: one row for each set of methods that is left
-- (hash), shared by all workers that leave the same. A hint: when it is lost, reading begins anew.
create table jobrunner.sweep (
    queue text not null,
    hash text not null,
    position bigint not null,
    began timestamptz not null,
    due timestamptz not null,
    primary key (queue, hash)
);

-- Earlier versions moved jobs whose lane was full into queues such as default__sandbox: back to where they had been enqueued.
update hangfire.jobqueue q
set queue = enqueued.queue
from (
    select q.id, coalesce((array_agg(s.data ->> 'Queue' order by s.id desc))[1], 'default') as queue
    from hangfire.jobqueue q
    join hangfire.state s on s.jobid = q.jobid and s.name = 'Enqueued'
    where q.queue ~ '.__(async|thread|sandbox|exclusive)$'
    group by q.id) enqueued
where q.id = enqueued.id and q.queue in (
    enqueued.queue || '__async', enqueued.queue || '__thread', enqueued.queue || '__sandbox', enqueued.queue || '__exclusive');

update jobrunner.version set version = 4;
