using JobRunner.Storage;
using JobRunner.TestSupport;
using Microsoft.Extensions.Logging.Abstractions;

namespace JobRunner.Postgres.Tests;

/// <summary>Entries of the schedule whose job is no scheduled one go, unless the job has become one meanwhile.</summary>
public sealed class ScheduleTests(PostgresFixture fixture) : StoreTests(fixture)
{
    static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    [Fact]
    public async Task An_entry_goes_only_when_its_job_is_still_no_scheduled_one_and_nobody_has_it()
    {
        long[] ids = [.. await Store.Actions.AddAsync([Job(JobState.Enqueued("default", Now)), Job(JobState.Enqueued("default", Now)), Job(JobState.Scheduled(Now.AddHours(1), Now))], default)];
        await Sql.ExecuteAsync(ConnectionString, $"""
            insert into hangfire.set (key, score, value) select 'schedule', 0, n::text from unnest(array[{ids[0]}, {ids[1]}, 4711]) n;
            insert into hangfire.lock (resource, updatecount, acquired) values ('hangfire:job:{ids[1]}:state-lock', 0, now());
            """);

        // As one who saw all of them a moment ago, when the third was being retried.
        await using var database = new Database(new PostgresOptions { ConnectionString = ConnectionString }, NullLogger.Instance);
        var locks = new DistributedLocks(database, TimeSpan.FromMinutes(10), TimeProvider.System);
        var schedule = new ScheduledJobs(database, locks, new JobLocks(database, locks, NullLogger.Instance), null!, null!, TimeProvider.System);
        await schedule.ForgetAsync([.. ids.Append(4711).Select(id => ($"{id}", id))], default);

        (await Sql.LinesAsync(ConnectionString, "select value from hangfire.set where key = 'schedule' order by value::bigint")).ShouldBe([$"{ids[1]}", $"{ids[2]}"]);
        (await Sql.LinesAsync(ConnectionString, "select count(*)::text from hangfire.lock")).ShouldBe(["1"]);
    }

    static NewJob Job(JobState state) =>
        new(new("Shop.Contracts.StaticJobs, Shop.Contracts", "Echo", ["System.String"], ["\"x\""]), state, new Dictionary<string, string?>());
}
