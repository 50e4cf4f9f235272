using JobRunner.Storage;
using Npgsql;

namespace JobRunner.Postgres;

/// <summary>Takes back the jobs of workers that died.</summary>
/// <param name="database">The database.</param>
/// <param name="invisibility">After how long a job that a Hangfire server took, and never finished, is taken back.</param>
sealed class JobRescue(Database database, TimeSpan invisibility)
{
    // Rows that were not renewed for a while, and that nobody alive can be thought to hold: one of our workers claimed them
    // (see Leases) and never started their job, or it fell silent while it ran it, or a foreign server has kept it for longer than Hangfire's
    // own servers would respect. The age of the row counts in each case: a job that was rescued and claimed anew still
    // names its dead worker until its new one has written Processing. $8 is the instant of the count, for the rescue behind it: what has come
    // to look abandoned between the two has not been counted yet.
    const string AbandonedSql = """
            from hangfire.jobqueue q
            left join hangfire.job j on j.id = q.jobid
            left join hangfire.state s on s.id = j.stateid
            where q.fetchedat < coalesce($8::timestamptz, now()) - least($1, $2)
              and (q.fetchedat < coalesce($8::timestamptz, now()) - $2
                   or q.updatecount < 0 and j.statename in ('Enqueued', 'Scheduled')
                   or q.updatecount < 0 and j.statename = 'Processing' and starts_with(s.data ->> 'ServerId', $3) and not exists (
                          select from hangfire.server v
                          where v.id = s.data ->> 'ServerId' and v.lastheartbeat >= coalesce($8::timestamptz, now()) - $1))
              and (q.id, q.updatecount) not in (select * from unnest($6::bigint[], $7::int[])) and (
        """ + RescuerSql.May + ")";

    // In a transaction of its own, before the rescue: what is counted twice, or counted and not rescued, names the same state
    // row, and counts once. Whether a row could be locked does not matter, so no lock is taken in another order than elsewhere.
    internal const string CountDeathsSql = """
        with dead as materialized (
            select q.jobid, coalesce(j.stateid, 0) as stateid
        """ + "\n" + AbandonedSql + """

              and q.updatecount < 0 and j.id is not null and not
        """ + QueueRowSql.HasNewer + """

        ), known as materialized (
            select d.jobid, d.stateid, (
                select (array_agg(p.value order by p.id desc))[1] from hangfire.jobparameter p
                where p.jobid = d.jobid and p.name = 'WorkerDeaths') as value
            from (select distinct jobid, stateid from dead) d
        ), counted as materialized (
            select jobid, (deaths || to_jsonb(stateid))::text as value
            from known
            cross join lateral (
                select case when known.value ~ '^\[((0|[1-9][0-9]{0,17})(, ?(0|[1-9][0-9]{0,17}))*)?\]$' then known.value::jsonb else '[]'::jsonb end as deaths) d
            where not deaths @> to_jsonb(stateid)
        ), old as (
            delete from hangfire.jobparameter where id = any(array(
                select p.id from counted c cross join lateral (
                    select id from hangfire.jobparameter where jobid = c.jobid and name = 'WorkerDeaths' offset 0) p))
        ), added as (
            insert into hangfire.jobparameter (jobid, name, value) select jobid, 'WorkerDeaths', value from counted
        )
        select now(), count(*) from counted
        """;

    internal const string RescueSql = """
        with abandoned as materialized (
            select q.id,
        """ + QueueRowSql.HasNewer + " as old\n" + AbandonedSql + """

            for update of q skip locked
        ), gone as (
            delete from hangfire.jobqueue where id = any(array(select id from abandoned where old))
        ), dead as (
            select id from abandoned where not old
        ), rescued as (
            update hangfire.jobqueue set fetchedat = null, updatecount = abs(updatecount::bigint) % 2147483647 + 1
            where id = any(array(select id from dead))
        ), told as (
            insert into jobrunner.counter (name, value) select 'rescued', count(*) from dead having count(*) > 0
            on conflict (name) do update set value = counter.value + excluded.value
        )
        select count(*), (select
        """ + " " + NewJobSignal.SendSql + " from (select count(*) as jobs from dead having count(*) > 0) told) from dead";

    // As every Hangfire server does. Its jobs are not touched by that: they have been rescued long before.
    const string ForgetServersSql = """
        with own as (delete from jobrunner.server s where not exists (select from hangfire.server v where v.id = s.id))
        delete from hangfire.server where lastheartbeat < now() - interval '5 minutes'
        """;

    public async Task<int> RescueAsync(TimeSpan silence, Rescuer? rescuer, CancellationToken cancellationToken)
    {
        var counted = await CountDeathsAsync(silence, rescuer, cancellationToken);
        var rescued = await RescueCountedAsync(counted, silence, rescuer, cancellationToken);
        await database.ExecuteAsync(database.Command(ForgetServersSql), cancellationToken);
        return rescued;
    }

    /// <summary>Takes back what had been abandoned at the instant of a count.</summary>
    public Task<int> RescueCountedAsync(DateTime counted, TimeSpan silence, Rescuer? rescuer, CancellationToken cancellationToken) =>
        database.NumberAsync(database.Command(RescueSql, TermsAsOf(counted, silence, rescuer)), cancellationToken);

    /// <summary>Counts the deaths of workers under their jobs.</summary>
    /// <returns>The instant of the count.</returns>
    public async Task<DateTime> CountDeathsAsync(TimeSpan silence, Rescuer? rescuer, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        await using var batch = Database.IndexedBatch(connection, database.Command(CountDeathsSql, TermsAsOf(null, silence, rescuer)));
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.NextResultAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return reader.GetDateTime(0);
    }

    NpgsqlParameter[] TermsAsOf(DateTime? instant, TimeSpan silence, Rescuer? rescuer) =>
    [
        .. Terms(silence, rescuer), Parameters.QueueRows(rescuer?.Held ?? []), Parameters.Tokens(rescuer?.Held ?? []),
        Parameters.InstantOrNull(instant),
    ];

    NpgsqlParameter[] Terms(TimeSpan silence, Rescuer? rescuer) =>
    [
        Parameters.Of(silence), Parameters.Of(invisibility), Parameters.Of(ServerInfo.NamePrefix),
        Parameters.TextOrNull(rescuer?.ServerId), Parameters.Of(rescuer?.Gap ?? TimeSpan.Zero),
    ];

    // The queue is the one that the job was last enqueued to. Its state stays, as that of any rescued job. (An array, here and above,
    // because a limit would let the planner go through the whole table by its primary key.)
    internal const string RescueOrphansSql = """
        with orphans as materialized (
            select j.id, coalesce(nullif((select (array_agg(e.data ->> 'Queue' order by e.id desc))[1] from hangfire.state e
                                          where e.jobid = j.id and e.name = 'Enqueued'), 'default'),
                                  j.invocationdata ->> 'Queue', 'default') as named
            from hangfire.job j
            cross join lateral (select createdat, data from hangfire.state where id = j.stateid offset 0) s
            where j.statename = 'Processing'
              and s.createdat < now() - case when starts_with(s.data ->> 'ServerId', $3) then $1 else greatest($1, $2) end
              and not exists (select from hangfire.jobqueue q where q.jobid = j.id)
              and not exists (
                  select from hangfire.server v where v.id = s.data ->> 'ServerId' and v.lastheartbeat >= now() - $1)
              and (
        """ + RescuerSql.May + """
        )
            limit 1000
            for update of j skip locked
        ), waiting as (
            insert into hangfire.jobqueue (jobid, queue)
            select id, case when named ~ '^[a-z0-9_-]+$' and length(named) <= 1000 then named else 'default' end from orphans
        ), told as (
            insert into jobrunner.counter (name, value) select 'orphans', count(*) from orphans having count(*) > 0
            on conflict (name) do update set value = counter.value + excluded.value
        )
        select count(*), (select
        """ + " " + NewJobSignal.SendSql + " from (select count(*) as jobs from orphans having count(*) > 0) told) from orphans";

    public Task<int> RescueOrphansAsync(TimeSpan silence, Rescuer? rescuer, CancellationToken cancellationToken) =>
        database.NumberAsync(database.Command(RescueOrphansSql, Terms(silence, rescuer)), cancellationToken);
}
