using JobRunner.Storage;
using JobRunner.TestSupport;
using Npgsql;

namespace JobRunner.Postgres.Tests;

public sealed class FullScanThrottleTests(PostgresFixture fixture) : StoreTests(fixture)
{
    static readonly TimeSpan _slow = TimeSpan.FromMilliseconds(30);

    [Fact]
    public void A_slow_scan_now_and_then_changes_nothing()
    {
        var throttle = new FullScanThrottle(new StoppedClock());
        for (var i = 0; i < 100; i++)
        {
            throttle.Note(_slow, 0);
            if (i % 7 == 0)
                throttle.Note(TimeSpan.FromMilliseconds(1), 0);
            throttle.AllowsFullScan.ShouldBeTrue();
        }
    }

    [Fact]
    public void Scans_that_are_slow_many_times_in_a_row_get_a_tenth_of_the_time()
    {
        var clock = new StoppedClock();
        var throttle = new FullScanThrottle(clock);
        for (var i = 0; i < 8; i++)
            throttle.Note(_slow, 0);

        throttle.AllowsFullScan.ShouldBeFalse();
        clock.Pass(TimeSpan.FromMilliseconds(269));
        throttle.AllowsFullScan.ShouldBeFalse();
        clock.Pass(TimeSpan.FromMilliseconds(1));
        throttle.AllowsFullScan.ShouldBeTrue();
        throttle.Note(TimeSpan.FromMilliseconds(1), 0);
        throttle.AllowsFullScan.ShouldBeTrue("the dead rows are gone");
    }

    [Fact]
    public void A_claim_of_many_jobs_may_take_its_time()
    {
        var throttle = new FullScanThrottle(new StoppedClock());
        for (var i = 0; i < 20; i++)
            throttle.Note(_slow, 1000);
        throttle.AllowsFullScan.ShouldBeTrue();
    }

    [Fact(Timeout = 60_000)]
    public async Task Behind_an_old_snapshot_nothing_is_lost_and_older_jobs_are_found_too()
    {
        await using var holder = new NpgsqlConnection(ConnectionString);
        await holder.OpenAsync();
        await using var snapshot = await holder.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead);
        await using (var read = new NpgsqlCommand("select count(*) from hangfire.job", holder))
            await read.ExecuteScalarAsync();
        await Sql.ExecuteAsync(ConnectionString, """
            insert into hangfire.jobqueue (jobid, queue) select n, 'default' from generate_series(1, 200000) n;
            delete from hangfire.jobqueue;
            select setval('hangfire.job_id_seq', 200001);
            """);
        var at = TimeProvider.System.GetUtcNow();
        var ids = await Store.Actions.AddAsync([.. Enumerable.Range(0, 40).Select(_ =>
            new NewJob(new("T, A", "M", [], []), JobState.Enqueued("default", at), new Dictionary<string, string?>()))], default);
        var seen = new List<long>();
        for (var i = 0; i < 39; i++)
            seen.Add((await Store.Queue.ClaimAsync(["default"], 1, default)).ShouldHaveSingleItem().JobId);
        var oldest = await Store.Actions.RequeueAsync([ids[0]], null, default);

        oldest.ShouldBe(1);
        await Eventually.HoldsAsync(async () =>
        {
            seen.AddRange((await Store.Queue.ClaimAsync(["default"], 1, default)).Select(job => job.JobId));
            return seen.Count == 41;
        });
        seen.Order().ShouldBe([ids[0], .. ids]);
    }

    sealed class StoppedClock : TimeProvider
    {
        long _now = 1;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _now;

        public void Pass(TimeSpan time) => _now += time.Ticks;
    }
}
