-- Since when a worker has been heard without a gap, outcomes that it could not write so far, and how often things happened that
-- should not.
alter table jobrunner.server
    add column heardsince timestamptz not null default now(),
    add column unwritten integer not null default 0;

create table jobrunner.counter (
    name text primary key,
    value bigint not null
);

update jobrunner.version set version = 3;
