using JobRunner.Storage;
using JobRunner.TestSupport;

namespace JobRunner.Worker.Tests;

public sealed class QueueGroupsTests
{
    [Fact]
    public void Without_entries_the_default_queue_is_served() => QueueGroups.Parse([]).Names.ShouldBe(["default"]);

    [Fact]
    public void Names_keep_their_order_and_come_once() =>
        QueueGroups.Parse(["critical", "b:2, a", "a", "low"]).Names.ShouldBe(["critical", "b", "a", "low"]);

    [Fact]
    public void Queues_in_strict_order_may_give_all_of_a_claim()
    {
        var groups = QueueGroups.Parse(["critical", "default"]);

        groups.Share(groups.Phases.ShouldHaveSingleItem(), 100).ShouldBe([new("critical", 100), new("default", 100)]);
    }

    [Fact]
    public void Queues_of_one_entry_share_by_weight_behind_more_urgent_ones()
    {
        var groups = QueueGroups.Parse(["critical", "default:3, reports:1", "low"]);

        groups.Phases.Count.ShouldBe(2);
        groups.Share(groups.Phases[0], 100).ShouldBe([new("critical", 100), new("default", 75), new("reports", 25)]);
        groups.Share(groups.Phases[1], 100).ShouldBe([new("low", 100)]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    public void Over_many_claims_shares_are_exact_however_small_the_claims(int count)
    {
        var groups = QueueGroups.Parse(["a:5, b:2, c"], new Random(4711));
        var given = new int[3];
        for (var i = 0; i < 40_000 / count; i++)
        {
            var shares = groups.Share(groups.Phases[0], count);
            shares.Sum(share => share.Most).ShouldBe(count);
            for (var q = 0; q < 3; q++)
                given[q] += shares[q].Most;
        }

        var all = (double)given.Sum();
        (given[0] / all).ShouldBe(5.0 / 8, 0.015);
        (given[1] / all).ShouldBe(2.0 / 8, 0.015);
        (given[2] / all).ShouldBe(1.0 / 8, 0.015);
    }

    [Fact]
    public void What_one_queue_does_not_have_the_others_may_give()
    {
        var groups = QueueGroups.Parse(["a:3, b:1"]);
        var shares = groups.Share(groups.Phases[0], 4);

        groups.Phases[0].Rest(shares, [Claimed("b")], 3).ShouldBe([new("a", 3), new("b", 3)]);
        groups.Phases[0].Rest(shares, [], 4).ShouldBeEmpty("nobody gave its share, so nobody has more");
    }

    [Fact]
    public void Queues_that_share_take_turns_in_one_claim_too()
    {
        var groups = QueueGroups.Parse(["now", "a:3, b:1"]);
        ClaimedJob[] claimed = [.. "now now a a a a a a b b".Split(' ').Select(Claimed)];

        string.Join(' ', groups.Phases[0].InTurn(claimed).Select(job => job.Queue)).ShouldBe("now now a a a b a a a b");
    }

    [Theory]
    [InlineData("Mail", "'Mail' is not a queue name")]
    [InlineData("mail:0", "'0' is not a weight")]
    [InlineData("mail:many", "'many' is not a weight")]
    [InlineData("mail,", "'' is not a queue name")]
    public void What_is_wrong_with_an_entry_is_told_with_its_key(string entry, string expected)
    {
        var options = new WorkerOptions { Queues = { "default", entry } };

        var result = new WorkerOptionsValidator().Validate(null, options);

        result.Failures.ShouldNotBeNull().ShouldHaveSingleItem().ShouldStartWith($"JobRunner:Worker:Queues:1 is '{entry}': {expected}");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_worker_takes_urgent_queues_first_and_shares_the_others_by_weight()
    {
        var store = WorkerHost.NewInMemoryStore();
        var at = TimeProvider.System.GetUtcNow();
        var call = new Invocation("JobRunner.TestSupport.ScriptedJobs, TestSupport", "EchoAsync", ["System.String"], ["\"x\""]);
        foreach (var queue in (string[])["low", "a", "b", "critical"])
            await store.Actions.AddAsync([.. Enumerable.Range(0, 400).Select(_ => new NewJob(call, JobState.Enqueued(queue, at), new Dictionary<string, string?>()))], default);

        await using var worker = await WorkerHost.StartAsync(builder => builder.Services.Add(new(typeof(IJobStore), store)), options =>
        {
            options.Queues.Add("critical");
            options.Queues.Add("a:3, b:1");
            options.Queues.Add("low");
            options.AsyncConcurrency = 8;
            options.Backlog = 0;
        });
        await Eventually.HoldsAsync(async () => (await store.Reader.CountAsync(default)).Unfinished == 0, TimeSpan.FromSeconds(30));

        var ended = (await store.Reader.ListAsync("Succeeded", 0, 2000, default)).Select(job => job.JobId).ToArray();
        var order = (await Task.WhenAll(ended.Select(async id => (Id: id, (await store.Reader.GetAsync(id, default))!.History[1].CreatedAt))))
            .OrderBy(job => job.CreatedAt).Select(job => QueueOf(job.Id)).ToArray();
        order[..380].ShouldAllBe(queue => queue == "critical");
        order[420..800].Count(queue => queue == "a").ShouldBeInRange(240, 330);
        order[^380..].ShouldAllBe(queue => queue == "low");

        // Ids grow by one for the job, its row and its state: 400 jobs of each queue after another.
        string QueueOf(long id) => ((string[])["low", "a", "b", "critical"])[Array.BinarySearch([.. ended.Order()], id) / 400];
    }

    static ClaimedJob Claimed(string queue) => new(
        1, new(1, 1), queue, 1, "Enqueued", null, null, new Dictionary<string, string?>(), DateTimeOffset.UnixEpoch);
}
