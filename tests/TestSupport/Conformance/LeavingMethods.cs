using JobRunner.Storage;
using Shouldly;
using Xunit;

namespace JobRunner.TestSupport;

public abstract partial class JobStoreConformance
{
    MethodSet Left => MethodSet.Empty.Next([Other().Invocation.StoredMethod]);

    [Fact]
    public async Task Jobs_of_methods_to_leave_are_passed_over_and_stay_where_they_are()
    {
        var ids = await Store.Actions.AddAsync([Other(), Enqueued(), Other(), Enqueued()], default);

        (await LeavingAsync(1)).ShouldHaveSingleItem().JobId.ShouldBe(ids[1]);
        (await LeavingAsync(10)).ShouldHaveSingleItem().JobId.ShouldBe(ids[3]);
        (await LeavingAsync(10)).ShouldBeEmpty();
        (await ClaimAsync()).Select(job => job.JobId).ShouldBe([ids[0], ids[2]]);
    }

    [Fact]
    public async Task A_claimed_job_names_its_method_as_claims_leave_it()
    {
        await Store.Actions.AddAsync([Enqueued(), Other()], default);

        (await ClaimAsync(1)).ShouldHaveSingleItem().Invocation!.StoredMethod.ShouldBe(Enqueued().Invocation.StoredMethod);
        (await ClaimAsync(1)).ShouldHaveSingleItem().Invocation!.StoredMethod.ShouldBe(Other().Invocation.StoredMethod);
    }

    [Fact]
    public async Task A_job_without_a_type_is_not_passed_over()
    {
        var id = await AddAsync(Enqueued() with { Invocation = Call() with { Type = "" } });

        (await LeavingAsync(1)).ShouldHaveSingleItem().JobId.ShouldBe(id);
    }

    [Fact]
    public async Task Each_queue_has_its_own_methods_to_leave()
    {
        await Store.Actions.AddAsync([Other(), Other("low"), Enqueued(), Enqueued("low")], default);
        var all = MethodSet.Empty.Next([Other().Invocation.StoredMethod, Enqueued().Invocation.StoredMethod]);

        var jobs = (await Store.Queue.ClaimAsync(new([new("default", 10) { Except = Left }, new("low", 10) { Except = all }], 10), default)).Jobs;

        jobs.ShouldHaveSingleItem().Queue.ShouldBe("default");
        (await Store.Queue.ClaimAsync(new([new("low", 10)], 10), default)).Jobs.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Earlier_queues_come_first_also_with_what_stands_behind_jobs_to_leave()
    {
        await Store.Actions.AddAsync([Enqueued("low"), .. Enumerable.Range(0, 1500).Select(_ => Other()), Enqueued()], default);

        var limits = new[] { "default", "low" }.Select(queue => new QueueLimit(queue, 1) { Except = Left }).ToArray();
        (await Store.Queue.ClaimAsync(new(limits, 1), default)).Jobs.ShouldHaveSingleItem().Queue.ShouldBe("default");
    }

    [Fact(Timeout = Limit)]
    public async Task A_job_behind_thousands_to_leave_is_reached_and_so_is_one_that_comes_back_among_them()
    {
        await Store.Actions.AddAsync([.. Enumerable.Range(0, 4000).Select(_ => Other())], default);
        var middle = await AddAsync(Enqueued());
        var claimed = (await ClaimAsync(4001)).Single(job => job.JobId == middle);
        await Store.Actions.AddAsync([.. Enumerable.Range(0, 8000).Select(_ => Other())], default);
        var last = await AddAsync(Enqueued());

        (await ReachedAsync()).ShouldBe(last);
        (await LeavingAsync(5)).ShouldBeEmpty();
        await Store.Queue.ReleaseAsync([claimed.Claim], default);
        (await ReachedAsync()).ShouldBe(middle);

        // As a worker asks: again at once while there is more, and else after its poll interval.
        async Task<long> ReachedAsync()
        {
            long? found = null;
            await Eventually.HoldsAsync(async () => (found ??= (await LeavingAsync(5)).SingleOrDefault()?.JobId) is not null, TimeSpan.FromSeconds(20));
            return found!.Value;
        }
    }

    [Fact(Timeout = Limit)]
    public async Task A_job_in_the_middle_of_thousands_to_leave_is_reached_although_many_reads_on_the_way_find_nothing()
    {
        await Store.Actions.AddAsync([.. Enumerable.Range(0, 4000).Select(_ => Other())], default);
        var middle = await AddAsync(Enqueued());
        await Store.Actions.AddAsync([.. Enumerable.Range(0, 4000).Select(_ => Other())], default);

        await Eventually.HoldsAsync(async () => (await LeavingAsync(5)).SingleOrDefault()?.JobId == middle, TimeSpan.FromSeconds(20));
    }

    [Fact(Timeout = Limit)]
    public async Task What_comes_while_thousands_are_left_is_found_at_once_also_when_its_id_is_old()
    {
        var old = await AddAsync(Scheduled(TimeSpan.FromHours(1)));
        await Store.Actions.AddAsync([.. Enumerable.Range(0, 12_000).Select(_ => Other())], default);
        await LeavingAsync(5);

        var late = await AddAsync(Enqueued());
        (await LeavingAsync(5)).ShouldHaveSingleItem().JobId.ShouldBe(late);
        await Store.Actions.RequeueAsync([old], null, default);
        (await LeavingAsync(5)).ShouldHaveSingleItem().JobId.ShouldBe(old);
    }

    [Fact(Timeout = Limit)]
    public async Task Claims_past_the_head_come_by_all_jobs_also_when_all_are_given_back_and_find_what_comes_meanwhile()
    {
        var ids = await Store.Actions.AddAsync([.. Enumerable.Range(0, 2500).Select(_ => Enqueued())], default);
        var seen = new HashSet<long>();
        for (var i = 0; i < 3; i++)
            await PastHeadAsync();
        var late = await AddAsync(Enqueued());

        await Eventually.HoldsAsync(async () =>
        {
            await PastHeadAsync();
            return seen.IsSupersetOf([.. ids, late]);
        }, TimeSpan.FromSeconds(30));

        (await ClaimAsync(10)).Select(job => job.JobId).ShouldBe(ids.Take(10), "all of them wait where they were");

        async Task PastHeadAsync()
        {
            var jobs = (await Store.Queue.ClaimAsync(new([new("default", 100) { PastHead = true }], 100), default)).Jobs;
            seen.UnionWith(jobs.Select(job => job.JobId));
            await Store.Queue.ReleaseAsync([.. jobs.Select(job => job.Claim)], default);
        }
    }

    [Fact(Timeout = Limit)]
    public async Task A_claim_past_the_head_leaves_methods_as_any_other()
    {
        await Store.Actions.AddAsync([Other(), Enqueued(), Other()], default);

        (await Store.Queue.ClaimAsync(new([new("default", 100) { PastHead = true, Except = Left }], 100), default)).Jobs
            .ShouldHaveSingleItem().Invocation!.Type.ShouldNotBe("Other.Jobs, Other");
    }

    async Task<IReadOnlyList<ClaimedJob>> LeavingAsync(int count) =>
        (await Store.Queue.ClaimAsync(new([new("default", count) { Except = Left }], count), default)).Jobs;

    NewJob Other(string queue = "default") => Enqueued(queue) with { Invocation = Call() with { Type = "Other.Jobs, Other" } };
}
