-- What Hangfire's table of servers has no place for.
create table jobrunner.server (
    id text primary key,
    sandboxes jsonb not null
);

update jobrunner.version set version = 2;
