using JobRunner.TestSupport;
using Npgsql;

namespace JobRunner.Benchmarks;

/// <summary>Jobs by SQL, copies of one that has run: their rows are those that a client and a worker write.</summary>
sealed class HangfireRows
{
    const int Chunk = 100_000;

    const string WaitingSql = $$"""
        /* {{DatabaseMeter.OwnName}} */
        with new as materialized (
            select nextval('hangfire.job_id_seq') as jobid, nextval('hangfire.state_id_seq') as stateid,
                   ($3::text[])[1 + floor(random() * cardinality($3::text[]))::int] as queue
            from generate_series(1, $2)
        ), jobs as (
            insert into hangfire.job (id, stateid, statename, invocationdata, arguments, createdat)
            select new.jobid, new.stateid, 'Enqueued', j.invocationdata, j.arguments, now() from new, hangfire.job j where j.id = $1
        ), parameters as (
            insert into hangfire.jobparameter (jobid, name, value)
            select new.jobid, p.name, p.value from new, hangfire.jobparameter p where p.jobid = $1
        ), states as (
            insert into hangfire.state (id, jobid, name, createdat, data)
            select new.stateid, new.jobid, s.name, now(), jsonb_set(s.data, '{Queue}', to_jsonb(new.queue))
            from new, hangfire.state s where s.jobid = $1 and s.name = 'Enqueued'
        )
        insert into hangfire.jobqueue (jobid, queue) select jobid, queue from new
        """;

    const string FinishedSql = $"""
        /* {DatabaseMeter.OwnName} */
        with model as materialized (
            select name, data, row_number() over (order by id) as nth from hangfire.state where jobid = $1
        ), new as materialized (
            select nextval('hangfire.job_id_seq') as jobid from generate_series(1, $2)
        ), states as materialized (
            select nextval('hangfire.state_id_seq') as stateid, new.jobid, model.*
            from new cross join lateral (select * from model order by nth offset 0) model
        ), jobs as (
            insert into hangfire.job (id, stateid, statename, invocationdata, arguments, createdat, expireat)
            select states.jobid, states.stateid, states.name, j.invocationdata, j.arguments, now(), now() + interval '1 day'
            from states, hangfire.job j where j.id = $1 and states.nth = (select max(nth) from model)
        ), parameters as (
            insert into hangfire.jobparameter (jobid, name, value)
            select new.jobid, p.name, p.value from new, hangfire.jobparameter p where p.jobid = $1
        )
        insert into hangfire.state (id, jobid, name, createdat, data) select stateid, jobid, name, now(), data from states
        """;

    readonly string _connectionString;
    readonly long _model;

    HangfireRows(string connectionString, long model) => (_connectionString, _model) = (connectionString, model);

    /// <summary>Rows like those of the newest job, which has succeeded.</summary>
    public static async Task<HangfireRows> LikeNewestAsync(string connectionString) => new(connectionString,
        (long)(await Sql.ScalarAsync(connectionString, "select max(id) from hangfire.job where statename = 'Succeeded'"))!);

    /// <summary>Jobs that wait, each in one of the queues (<c>default</c>). Nobody is notified, as with Hangfire's client at its defaults.</summary>
    public Task AddWaitingAsync(int jobs, params string[] queues) =>
        AddAsync(WaitingSql, jobs, new NpgsqlParameter { Value = queues.Length > 0 ? queues : ["default"] });

    public Task AddFinishedAsync(int jobs) => AddAsync(FinishedSql, jobs);

    async Task AddAsync(string sql, int jobs, params NpgsqlParameter[] more)
    {
        for (var left = jobs; left > 0; left -= Chunk)
            await Sql.ExecuteAsync(_connectionString, sql,
                [new() { Value = _model }, new() { Value = Math.Min(left, Chunk) }, .. more.Select(parameter => parameter.Clone())]);
    }
}
