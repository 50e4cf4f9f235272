using JobRunner.TestSupport;

namespace JobRunner.Benchmarks;

sealed partial class PostgresBenchStore
{
    // What every job must have that has run, whoever ran it.
    const string SucceededSql = """
        select count(*) from (
            select s.jobid from hangfire.state s
            join hangfire.job j on j.id = s.jobid and j.statename = 'Succeeded' and j.expireat > now()
            group by s.jobid, j.stateid
            having array_agg(s.name order by s.id) = array['Enqueued', 'Processing', 'Succeeded'] and max(s.id) = j.stateid
               and bool_and(s.data ?& case s.name when 'Enqueued' then array['EnqueuedAt', 'Queue']
                                                  when 'Processing' then array['StartedAt', 'ServerId', 'WorkerId']
                                                  else array['SucceededAt', 'PerformanceDuration', 'Latency'] end)) whole
        """;

    const string CountedSql = """
        select coalesce(sum(value), 0)::bigint from (
            select value from hangfire.counter where key = 'stats:succeeded'
            union all
            select value from hangfire.aggregatedcounter where key = 'stats:succeeded') total
        """;

    const string LeftSql = """
        select (select count(*) from hangfire.jobqueue) + (select count(*) from hangfire.lock where resource like '%:state-lock')
        """;

    const string EnqueuedSql = """
        select count(*) from hangfire.job j
        join hangfire.state s on s.id = j.stateid and s.jobid = j.id and s.name = 'Enqueued' and s.data ?& array['EnqueuedAt', 'Queue']
        join hangfire.jobqueue q on q.jobid = j.id and q.queue = 'default' and q.fetchedat is null
        where j.statename = 'Enqueued' and exists (select from hangfire.jobparameter p where p.jobid = j.id and p.name = 'CurrentCulture')
        """;

    public override async Task<string> VerifyHistoryAsync(int jobs)
    {
        var (whole, counted, left) = (await CountAsync(SucceededSql), await CountAsync(CountedSql), await CountAsync(LeftSql));
        return whole == jobs && counted == jobs && left == 0
            ? $"all {jobs:N0} jobs have the full history in table state and are counted, and table jobqueue is empty"
            : throw new InvalidOperationException(
                $"{whole} of {jobs} jobs have their full history, {counted} are counted, and {left} rows are left in jobqueue and lock.");
    }

    public override async Task<string> VerifyEnqueuedAsync(int jobs)
    {
        var whole = await CountAsync(EnqueuedSql);
        return whole == jobs
            ? $"all {jobs:N0} jobs are enqueued"
            : throw new InvalidOperationException($"{whole} of {jobs} jobs are enqueued with all their rows.");
    }

    async Task<long> CountAsync(string sql) => (long)(await Sql.ScalarAsync(ConnectionString, sql))!;
}
