using JobRunner.Storage;

namespace JobRunner.Postgres;

sealed partial class PostgresJobStore
{
    // Rows that were not renewed for a while, and that nobody alive can be thought to hold: one of our workers claimed them
    // (see Lease) and never started their job, or it fell silent while it ran it, or a foreign server has kept it for longer than Hangfire's
    // own servers would respect. The age of the row counts in each case: a job that was rescued and claimed anew still
    // names its dead worker until its new one has written Processing.
    const string RescueSql = """
        with dead as materialized (
            select q.id
            from hangfire.jobqueue q
            left join hangfire.job j on j.id = q.jobid
            left join hangfire.state s on s.id = j.stateid
            where q.fetchedat < now() - least($1, $2)
              and (q.fetchedat < now() - $2
                   or q.updatecount < 0 and j.statename in ('Enqueued', 'Scheduled')
                   or q.updatecount < 0 and j.statename = 'Processing' and starts_with(s.data ->> 'ServerId', $3) and not exists (
                          select from hangfire.server v
                          where v.id = s.data ->> 'ServerId' and v.lastheartbeat >= now() - $1))
            for update of q skip locked
        ), rescued as (
            update hangfire.jobqueue set fetchedat = null, updatecount = abs(updatecount) + 1
            where id = any(array(select id from dead))
        )
        select count(*), (select count(pg_notify('new_job', '')) from (select from dead limit 1) once) from dead
        """;

    // As every Hangfire server does. Its jobs are not touched by that: they have been rescued long before.
    const string ForgetServersSql = """
        with own as (delete from jobrunner.server s where not exists (select from hangfire.server v where v.id = s.id))
        delete from hangfire.server where lastheartbeat < now() - interval '5 minutes'
        """;

    public async Task<int> RescueAsync(TimeSpan silence, CancellationToken cancellationToken)
    {
        var rescued = await NumberAsync(Command(RescueSql, Parameters.Of(silence), Parameters.Of(_options.InvisibilityTimeout),
            Parameters.Of(ServerInfo.NamePrefix)), cancellationToken);
        await ExecuteAsync(Command(ForgetServersSql), cancellationToken);
        return rescued;
    }
}
