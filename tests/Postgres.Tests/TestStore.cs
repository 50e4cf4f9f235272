using JobRunner.TestSupport;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace JobRunner.Postgres.Tests;

/// <summary>Stores for tests, and what a test does behind a store's back.</summary>
static class TestStore
{
    const string EmptySql = """
        do $$ begin
            if to_regclass('hangfire.job') is not null then
                truncate hangfire.job, hangfire.state, hangfire.jobparameter, hangfire.jobqueue, hangfire.server, hangfire.set,
                    hangfire.hash, hangfire.list, hangfire.counter, hangfire.aggregatedcounter, hangfire.lock,
                    jobrunner.log, jobrunner.progress, jobrunner.server, jobrunner.counter, jobrunner.sweep, jobrunner.history, jobrunner.historyname restart identity;
            end if;
        end $$
        """;

    const string PassTimeSql = """
        update hangfire.jobqueue set fetchedat = fetchedat - @time;
        update hangfire.server set lastheartbeat = lastheartbeat - @time;
        update jobrunner.server set heardsince = heardsince - @time;
        update hangfire.job set expireat = expireat - @time;
        update hangfire.lock set acquired = acquired - @time;
        update hangfire.counter set expireat = expireat - @time;
        update hangfire.aggregatedcounter set expireat = expireat - @time;
        update jobrunner.history set endedat = endedat - @time;
        update hangfire.set set score = score - extract(epoch from @time) where key = 'schedule';
        update hangfire.state
        set data = jsonb_set(data, '{EnqueueAt}', to_jsonb(((data ->> 'EnqueueAt')::bigint - (extract(epoch from @time) * 1000)::bigint)::text))
        where data ->> 'EnqueueAt' ~ '^[0-9]{11,15}$';
        """;

    public static PostgresJobStore Open(string connectionString, Action<PostgresOptions>? configure = null, TimeSpan? quietLimit = null, TimeProvider? time = null)
    {
        var options = new PostgresOptions { ConnectionString = connectionString };
        configure?.Invoke(options);
        return new(options, CompatibilityLevel.V180, time ?? TimeProvider.System, NullLogger<PostgresJobStore>.Instance, quietLimit: quietLimit);
    }

    /// <summary>The database alone, without a store.</summary>
    public static Database OpenDatabase(string connectionString) =>
        new(new PostgresOptions { ConnectionString = connectionString }, NullLogger.Instance);

    /// <summary>A store on an emptied database.</summary>
    public static async Task<PostgresJobStore> CreateAsync(string connectionString, TimeProvider? time = null, Action<PostgresOptions>? configure = null)
    {
        await Sql.ExecuteAsync(connectionString, EmptySql);
        return Open(connectionString, configure, time: time);
    }

    public static Task PassTimeAsync(string connectionString, TimeSpan time) =>
        Sql.ExecuteAsync(connectionString, PassTimeSql, new NpgsqlParameter("time", time));
}
