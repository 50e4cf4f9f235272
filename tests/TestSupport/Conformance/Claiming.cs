using JobRunner.Storage;
using Shouldly;
using Xunit;

namespace JobRunner.TestSupport;

public abstract partial class JobStoreConformance
{
    [Fact]
    public async Task Earlier_queues_come_first_and_in_a_queue_the_oldest_job()
    {
        var ids = await Store.Actions.AddAsync(
            [Enqueued("low"), Enqueued("default"), Enqueued("critical"), Enqueued("low"), Enqueued("critical")], default);

        var claimed = await ClaimAsync(4, "critical", "low", "default");

        claimed.Select(job => job.JobId).ShouldBe([ids[2], ids[4], ids[0], ids[3]]);
        (await ClaimAsync(4, "critical", "low", "default")).ShouldHaveSingleItem().JobId.ShouldBe(ids[1]);
    }

    [Fact]
    public async Task A_claim_takes_no_more_than_asked_and_only_from_its_queues()
    {
        await Store.Actions.AddAsync([Enqueued(), Enqueued(), Enqueued(), Enqueued("low")], default);

        (await ClaimAsync(2)).Count.ShouldBe(2);
        (await ClaimAsync(2)).Count.ShouldBe(1);
        (await ClaimAsync(2)).ShouldBeEmpty();
        (await ClaimAsync(0)).ShouldBeEmpty();
        (await Store.Queue.ClaimAsync([], 5, default)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_claim_takes_no_more_from_a_queue_than_its_limit()
    {
        var ids = await Store.Actions.AddAsync([.. Enumerable.Range(0, 9).Select(n => Enqueued(n % 2 == 0 ? "default" : "low"))], default);

        var claimed = (await Store.Queue.ClaimAsync(new([new("low", 3), new("default", 1), new("critical", 5), new("none", 0)], 10), default)).Jobs;

        claimed.Select(job => job.JobId).ShouldBe([ids[1], ids[3], ids[5], ids[0]]);
        ((await Store.Queue.ClaimAsync(new([new("low", 3), new("default", 3)], 2), default)).Jobs).Select(job => job.JobId).ShouldBe([ids[7], ids[2]]);
    }

    [Fact]
    public async Task A_look_tells_where_something_waits_and_when_something_is_due()
    {
        (await Store.Queue.LookAsync(new(["default", "low"]), default)).ShouldSatisfyAllConditions(
            outlook => outlook.Waiting.ShouldBeEmpty(),
            outlook => outlook.NextScheduled.ShouldBeNull(),
            outlook => outlook.NextRecurring.ShouldBeNull());
        await Store.Actions.AddAsync([Enqueued("low"), Enqueued("critical"), Scheduled(TimeSpan.FromMinutes(10)), Scheduled(TimeSpan.FromHours(1))], default);

        var outlook = await Store.Queue.LookAsync(new(["default", "low"]), default);

        outlook.Waiting.ShouldBe(["low"]);
        outlook.NextScheduled.ShouldNotBeNull().TotalMinutes.ShouldBe(10, 0.5);
        await ClaimAsync(10, "low");
        (await Store.Queue.LookAsync(new(["default", "low"]), default)).Waiting.ShouldBeEmpty("what is claimed does not wait");
    }

    [Fact]
    public async Task A_look_tells_a_worker_its_place_among_those_that_can_do_all_that_it_does()
    {
        Announce("jobrunner@b", "default");
        Announce("jobrunner@a", "default", "low");
        Announce("jobrunner@c", "low", "default");
        Announce("another@0", "default", "low");

        (await PlaceAsync("jobrunner@a", "default", "low")).ShouldBe(new(2, 0), "who serves fewer queues is no help");
        (await PlaceAsync("jobrunner@b", "default")).ShouldBe(new(3, 1));
        (await PlaceAsync("jobrunner@c", "default", "low")).ShouldBe(new(2, 1));
        (await PlaceAsync("jobrunner@d", "default", "low")).ShouldBe(new(3, 2), "who is not announced counts itself");
        (await PlaceAsync("jobrunner@c", "critical")).ShouldBe(new(1, 0));
        (await Store.Queue.LookAsync(new(["default"]), default)).Place.ShouldBe(new(1, 0), "who is no worker is alone");

        void Announce(string id, params string[] queues) => Store.Servers.Announce(new(id, queues, 1, default, default), TimeSpan.FromMinutes(1));

        async Task<FleetPlace> PlaceAsync(string id, params string[] queues) =>
            (await Store.Queue.LookAsync(new(queues) { ServerId = id, Gap = TimeSpan.FromMinutes(1) }, default)).Place;
    }

    [Fact]
    public async Task A_claim_ends_with_the_job_that_has_all_the_bytes_that_were_asked_for_and_says_so()
    {
        var ids = await Store.Actions.AddAsync([.. Enumerable.Range(0, 5).Select(_ => Enqueued() with { Invocation = Call() with { Arguments = [$"\"{Noise(1000)}\""] } })], default);

        var some = await Store.Queue.ClaimAsync(new([new("default", 5)], 5) { Bytes = 2500 }, default);
        some.Jobs.Select(job => job.JobId).ShouldBe(ids.Take(3));
        some.IsComplete.ShouldBeFalse();
        (await Store.Queue.ClaimAsync(new([new("default", 5)], 5) { Bytes = 1 }, default)).Jobs.ShouldHaveSingleItem().JobId.ShouldBe(ids[3]);

        var last = await Store.Queue.ClaimAsync(new([new("default", 5)], 5) { Bytes = 2500 }, default);
        last.Jobs.ShouldHaveSingleItem().JobId.ShouldBe(ids[4]);
        last.IsComplete.ShouldBeTrue();
    }

    // What cannot be compressed.
    static string Noise(int length) => string.Concat(Enumerable.Range(0, length).Select(i => "0123456789abcdefghijklmnopqrstuvwxyz"[(int)((i * 7919L * (i + 13)) % 36)]));

    [Fact]
    public async Task A_claimed_job_carries_what_it_takes_to_run_it()
    {
        var given = Enqueued() with { Parameters = new Dictionary<string, string?> { ["RetryCount"] = "3" } };
        var id = await AddAsync(given);

        var job = (await ClaimAsync()).ShouldHaveSingleItem();

        job.JobId.ShouldBe(id);
        job.StateName.ShouldBe(JobStates.Enqueued);
        job.LoadError.ShouldBeNull();
        job.Invocation.ShouldNotBeNull().DisplayName.ShouldBe("StaticJobs.Echo");
        job.Parameters["RetryCount"].ShouldBe("3");
        (job.CreatedAt - given.State.CreatedAt).Duration().ShouldBeLessThan(TimeSpan.FromMilliseconds(1));
    }

    [Fact]
    public async Task Whoever_claims_a_row_next_gets_another_token()
    {
        var first = await AddAndClaimAsync();
        await Store.Queue.ReleaseAsync([first.Claim], default);
        var second = (await ClaimAsync()).ShouldHaveSingleItem();

        second.JobId.ShouldBe(first.JobId);
        second.Claim.ShouldNotBe(first.Claim);
    }

    [Fact]
    public async Task A_deleted_job_is_not_claimed_and_does_not_hide_those_behind_it()
    {
        var ids = await Store.Actions.AddAsync([Enqueued(), Enqueued(), Enqueued()], default);
        await Store.Actions.DeleteAsync([ids[0], ids[1]], null, default);

        (await ClaimAsync(2)).ShouldHaveSingleItem().JobId.ShouldBe(ids[2]);
    }

    [Fact(Timeout = Limit)]
    public async Task Eight_workers_claim_each_of_two_thousand_jobs_exactly_once()
    {
        var ids = await Store.Actions.AddAsync([.. Enumerable.Range(0, 2000).Select(_ => Enqueued())], default);

        var claimed = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            var mine = new List<long>();
            while (await ClaimAsync(7) is { Count: > 0 } some)
                mine.AddRange(some.Select(job => job.JobId));
            return mine;
        })));

        claimed.SelectMany(mine => mine).Order().ShouldBe(ids.Order());
    }

    [Theory]
    [InlineData(3)]
    [InlineData(150)]
    public async Task Of_very_many_queues_those_with_jobs_are_served_in_their_order(int withJobs)
    {
        string[] queues = [.. Enumerable.Range(0, 200).Select(n => $"queue-{n * 7 % 200}")];
        var waiting = queues.Skip(20).Take(withJobs).ToArray();
        await Store.Actions.AddAsync([.. waiting.Reverse().Select(queue => Enqueued(queue)), Enqueued("another")], default);

        var outlook = await Store.Queue.LookAsync(new(queues), default);
        var first = await Store.Queue.ClaimAsync(queues, 2, default);
        var rest = await Store.Queue.ClaimAsync(queues, 1000, default);

        outlook.Waiting.ShouldBe(waiting.Take(outlook.Waiting.Count));
        outlook.Waiting.Count.ShouldBeGreaterThanOrEqualTo(Math.Min(64, withJobs));
        first.Concat(rest).Select(job => job.Queue).ShouldBe(waiting);
        (await Store.Queue.LookAsync(new(queues), default)).Waiting.ShouldBeEmpty();
        (await Store.Queue.ClaimAsync(queues, 10, default)).ShouldBeEmpty();
    }
}
