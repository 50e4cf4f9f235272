using JobRunner.Storage;
using Npgsql;

namespace JobRunner.Postgres;

/// <summary>Inserts new jobs.</summary>
sealed class JobInserter(Database database, CompatibilityLevel level)
{
    // All ids are drawn first, and each insert reads that one list only: joining what one insert returned to what another
    // did makes the planner nest loops over both, which is quadratic. The job is inserted in its state at once, where
    // Hangfire needs two commits for it. Without the notification nobody but a poller would see it.
    const string AddSql = """
        with new as materialized (
            select nextval('hangfire.job_id_seq') as jobid, nextval('hangfire.state_id_seq') as stateid, n.*
            from unnest($1::jsonb[], $2::jsonb[], $3::json[], $4::text[], $5::text[], $6::timestamptz[], $7::jsonb[],
                        $8::text[], $9::text[], $10::float8[], $11::text[]) with ordinality
                as n(invocationdata, arguments, parameters, name, reason, createdat, data, queue, key, score, prefix, ord)
        ), jobs as (
            insert into hangfire.job (id, stateid, statename, invocationdata, arguments, createdat)
            select jobid, stateid, name, invocationdata, arguments, createdat from new
        ), parameters as (
            insert into hangfire.jobparameter (jobid, name, value)
            select new.jobid, p.key, p.value from new cross join lateral json_each_text(new.parameters) p
        ), states as (
            insert into hangfire.state (id, jobid, name, reason, createdat, data)
            select stateid, jobid, name, reason, createdat, data from new
        ), waiting as (
            insert into hangfire.jobqueue (jobid, queue)
            select jobid, queue from new where queue is not null
        ), listed as (
            insert into hangfire.set (key, score, value)
            select key, score, prefix || jobid from new where key is not null
        )
        select jobid, stateid, (select
        """ + " " + NewJobSignal.SendSql + """
         from (select count(*) as jobs from new where queue is not null having count(*) > 0 and $12) told)
        from new order by ord
        """;

    /// <summary>Adds jobs in the transaction at hand: without one, all or none is not promised.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="jobs">The jobs.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The ids of the jobs and of their state rows, in the given order.</returns>
    public async Task<List<(long JobId, long StateId)>> AddAsync(
        NpgsqlConnection connection, IReadOnlyList<NewJob> jobs, CancellationToken cancellationToken)
    {
        var added = new List<(long, long)>(jobs.Count);
        foreach (var batch in AddBatches.Of(jobs))
            added.AddRange(await AddBatchAsync(connection, batch, cancellationToken));
        return added;
    }

    /// <summary>Adds jobs with one statement.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="jobs">The jobs.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <param name="tells">False when somebody else tells workers of them, once they are committed.</param>
    /// <returns>The ids of the jobs and of their state rows, in the given order.</returns>
    public async Task<List<(long JobId, long StateId)>> AddBatchAsync(
        NpgsqlConnection connection, IReadOnlyList<NewJob> jobs, CancellationToken cancellationToken, bool tells = true)
    {
        var columns = new NewJobColumns(jobs.Count, level);
        foreach (var job in jobs)
            columns.Add(job);
        await using var batch = Database.IndexedBatch(connection, database.Command(AddSql, [.. columns.ToParameters(), Parameters.Of(tells)]));
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.NextResultAsync(cancellationToken);
        var added = new List<(long, long)>(jobs.Count);
        while (await reader.ReadAsync(cancellationToken))
            added.Add((reader.GetInt64(0), reader.GetInt64(1)));
        return added;
    }
}
