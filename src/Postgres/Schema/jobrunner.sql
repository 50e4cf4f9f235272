-- What JobRunner keeps besides Hangfire's tables. It refers to jobs by id only: no foreign key and no trigger on a table of
-- Hangfire's, so that Hangfire's own migrations and clean-ups never meet us.
create table jobrunner.version (
    version integer primary key
);

create table jobrunner.log (
    id bigserial primary key,
    jobid bigint not null,
    at timestamptz not null,
    level integer not null,
    message text not null
);
create index ix_jobrunner_log_jobid_id on jobrunner.log (jobid, id);

create table jobrunner.progress (
    jobid bigint primary key,
    fraction double precision not null,
    message text,
    at timestamptz not null
);

insert into jobrunner.version (version) values (1);
