-- Opt-in (PostgresOptions.NotifyTrigger): clients that never notify, as most of Hangfire's, wake workers at once. It is a trigger
-- for each statement, which costs an insert of one job some 20 microseconds. Our own statements insert nothing most of the time.
create or replace function jobrunner.notify_enqueued() returns trigger language plpgsql as $$
begin
    if exists (select from added) then
        perform pg_notify('new_job', '');
    end if;
    return null;
end
$$;

create trigger jobrunner_notify_enqueued after insert on hangfire.jobqueue
    referencing new table as added
    for each statement execute function jobrunner.notify_enqueued();
