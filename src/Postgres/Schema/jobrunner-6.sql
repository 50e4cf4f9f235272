-- The history of executions (PostgresOptions.History): a narrow line for each that ended, in partitions of a day (UTC), which are dropped
-- whole. Names are kept once. What finds no partition of its day goes into the last one: no end of a job may fail for that.
create table jobrunner.historyname (
    id integer generated always as identity primary key,
    name text not null unique
);

create table jobrunner.history (
    endedat timestamptz not null,
    jobid bigint not null,
    waited bigint not null, -- milliseconds, as ran
    ran bigint not null,
    method integer not null, -- in historyname, as queue and server
    queue integer not null,
    server integer not null,
    attempt integer not null,
    ending smallint not null, -- ExecutionEnd
    reason smallint, -- EndReason
    error text
) partition by range (endedat);

create index history_endedat_jobid on jobrunner.history (endedat, jobid);

create table jobrunner.history_rest partition of jobrunner.history default;

update jobrunner.version set version = 6;
