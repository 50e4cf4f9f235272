using JobRunner.TestSupport;

namespace JobRunner.Postgres.Tests;

/// <summary>Lists and counts of more jobs than are looked at one by one.</summary>
public sealed class ManyJobsTests(PostgresFixture fixture) : StoreTests(fixture)
{
    [Theory]
    [InlineData("Succeeded", false)] // among the newest
    [InlineData("Enqueued", true)]
    [InlineData("Failed", false)] // the whole state can be read
    [InlineData("Scheduled", false)] // a small one
    public async Task A_list_has_the_newest_first_and_says_when_it_may_miss_some(string state, bool mayMissNewer)
    {
        await Sql.ExecuteAsync(ConnectionString, """
            insert into hangfire.job (id, stateid, statename, invocationdata, arguments, createdat)
            select n, n, case when n <= 10 then 'Scheduled' when n <= 1510 then 'Failed' when n <= 15000 then 'Enqueued' else 'Succeeded' end, '{}', '[]', now()
            from generate_series(1, 20000) n
            """);
        var newest = state switch { "Succeeded" => 20000, "Enqueued" => 15000, "Failed" => 1510, _ => 10 };

        var page = await Store.Reader.ListAsync(state, 2, 3, default);

        page.Select(job => job.JobId).ShouldBe([newest - 2, newest - 3, newest - 4]);
        page.MayMissNewer.ShouldBe(mayMissNewer);
    }

    [Fact]
    public async Task What_is_many_is_estimated_and_said_to_be()
    {
        await Sql.ExecuteAsync(ConnectionString, """
            insert into hangfire.job (id, statename, invocationdata, arguments, createdat)
            select n, case when n <= 30000 then 'Enqueued' else 'Failed' end, '{}', '[]', now() from generate_series(1, 30007) n;
            insert into hangfire.jobqueue (jobid, queue) select n, 'queue-' || n % 150 from generate_series(1, 30000) n;
            insert into hangfire.set (key, score, value) select 'retries', 0, n::text from generate_series(1, 20000) n;
            """);
        var unknown = await Store.Reader.CountAsync(default);
        await Sql.ExecuteAsync(ConnectionString, "analyze hangfire.job");

        var counts = await Store.Reader.CountAsync(default);

        unknown.ByState[JobStates.Enqueued].ShouldBe(10_000); // no statistics yet: so many at least
        counts.Estimated.ShouldBe([JobStates.Enqueued]);
        counts.ByState[JobStates.Enqueued].ShouldBeInRange(25_000, 35_000);
        counts.ByState[JobStates.Failed].ShouldBe(7);
        (counts.Queues.Count, counts.HasMoreQueues, counts.IsWaitingExact, counts.Waiting).ShouldBe((100, true, false, counts.ByState[JobStates.Enqueued]));
        counts.Queues.Values.ShouldAllBe(waiting => waiting == counts.QueueBound);
        counts.Retries.ShouldBe(counts.RetriesBound);
    }

    [Fact(Timeout = 60_000)]
    public async Task Two_remove_what_has_expired_without_waiting_for_each_other()
    {
        await Sql.ExecuteAsync(ConnectionString, """
            insert into hangfire.job (statename, invocationdata, arguments, createdat, expireat)
            select 'Succeeded', '{}', '[]', now(), now() - interval '1 hour' from generate_series(1, 300) n
            """);
        await using var other = new Npgsql.NpgsqlConnection(ConnectionString);
        await other.OpenAsync();
        await using var transaction = await other.BeginTransactionAsync();
        await using (var first = new Npgsql.NpgsqlCommand("""
            select pg_advisory_xact_lock('hangfire.job'::regclass::oid::int, 1);
            delete from hangfire.job where id in (select id from hangfire.job order by expireat limit 100)
            """, other))
            await first.ExecuteNonQueryAsync();

        (await Store.Maintenance.ExpireAsync(1000, default)).ShouldBe(200);

        await transaction.CommitAsync();
        (await Sql.LinesAsync(ConnectionString, "select id from hangfire.job")).ShouldBeEmpty();
    }
}
