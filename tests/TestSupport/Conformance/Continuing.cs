using JobRunner.Storage;
using Shouldly;
using Xunit;

namespace JobRunner.TestSupport;

public abstract partial class JobStoreConformance
{
    const ContinuationOptions Any = ContinuationOptions.OnAnyFinishedState;
    const ContinuationOptions OnSuccess = ContinuationOptions.OnlyOnSucceededState;
    const ContinuationOptions OnDelete = ContinuationOptions.OnlyOnDeletedState;

    public static TheoryData<ContinuationOptions, string, string> Ends => new()
    {
        { Any, JobStates.Succeeded, JobStates.Enqueued },
        { Any, JobStates.Deleted, JobStates.Enqueued },
        { Any, JobStates.Failed, JobStates.Awaiting },
        { OnSuccess, JobStates.Succeeded, JobStates.Enqueued },
        { OnSuccess, JobStates.Deleted, JobStates.Deleted },
        { OnSuccess, JobStates.Failed, JobStates.Awaiting },
        { OnDelete, JobStates.Succeeded, JobStates.Deleted },
        { OnDelete, JobStates.Deleted, JobStates.Enqueued },
        { OnDelete, JobStates.Failed, JobStates.Awaiting },
    };

    [Theory]
    [MemberData(nameof(Ends))]
    public async Task A_continuation_added_before_the_claim_follows_its_parents_end(ContinuationOptions options, string end, string expected)
    {
        var parent = await AddAsync(Enqueued());
        var child = await ContinueAsync(parent, options);
        (await HistoryAsync(child)).ShouldBe([JobStates.Awaiting]);

        await EndAsync((await ClaimAsync()).ShouldHaveSingleItem(), end);

        await ShouldHaveGoneToAsync(child, expected);
    }

    [Theory]
    [MemberData(nameof(Ends))]
    public async Task A_continuation_added_while_its_parent_runs_follows_its_end(ContinuationOptions options, string end, string expected)
    {
        var parent = await StartAsync(await AddAndClaimAsync());
        var child = await ContinueAsync(parent.JobId, options);

        await EndAsync(parent, end);

        await ShouldHaveGoneToAsync(child, expected);
    }

    [Theory]
    [MemberData(nameof(Ends))]
    public async Task A_continuation_added_after_its_parents_end_goes_on_at_once(ContinuationOptions options, string end, string expected)
    {
        var parent = await AddAndClaimAsync();
        await EndAsync(parent, end);

        var child = await ContinueAsync(parent.JobId, options);

        await ShouldHaveGoneToAsync(child, expected);
    }

    [Fact]
    public async Task Continuations_are_listed_with_their_parent_as_Hangfire_lists_them()
    {
        var parent = await AddAsync(Enqueued());
        var first = await ContinueAsync(parent, OnSuccess);
        var others = await Store.Actions.AddContinuationsAsync(parent, [Waiting(parent, Any), Waiting(parent, OnDelete)], default);

        (await GetAsync(parent)).Parameters["Continuations"].ShouldBe(
            $$"""[{"JobId":"{{first}}","Options":1},{"JobId":"{{others[0]}}"},{"JobId":"{{others[1]}}","Options":2}]""");
        (await CountAsync(JobStates.Awaiting)).ShouldBe(3);
    }

    [Fact]
    public async Task A_continuation_of_a_job_that_is_not_there_is_refused_and_adds_nothing()
    {
        var refused = await Should.ThrowAsync<KeyNotFoundException>(() => ContinueAsync(987_654_321, Any));

        refused.Message.ShouldContain("987654321");
        (await CountAsync(JobStates.Awaiting)).ShouldBe(0);
    }

    [Fact]
    public async Task A_released_job_goes_to_the_queue_that_it_carries()
    {
        var parent = await AddAndClaimAsync();
        var child = await ContinueAsync(parent.JobId, OnSuccess, ownQueue: "critical");

        await EndAsync(parent, JobStates.Succeeded);

        (await ClaimAsync(10, "critical")).ShouldHaveSingleItem().JobId.ShouldBe(child);
    }

    [Fact]
    public async Task A_continuation_may_be_scheduled_for_a_time()
    {
        var parent = await AddAndClaimAsync();
        var next = """{"$type":"Hangfire.States.ScheduledState, Hangfire.Core","EnqueueAt":"2126-11-20T22:11:45.5Z"}""";
        var child = await ContinueAsync(parent.JobId, OnSuccess, next);

        await EndAsync(parent, JobStates.Succeeded);

        (await HistoryAsync(child)).ShouldBe([JobStates.Scheduled, JobStates.Awaiting]);
        (await ClaimAsync()).ShouldBeEmpty();
        (await EnqueueDueAsync(new DateTimeOffset(2126, 11, 20, 22, 11, 46, TimeSpan.Zero) - Now)).ShouldBe(1);
        (await ClaimAsync()).ShouldHaveSingleItem().JobId.ShouldBe(child);
    }

    [Theory]
    [InlineData("""{"$type":"Shop.MyState, Shop","Queue":"default"}""", "Shop.MyState")]
    [InlineData("""{"$type":"Hangfire.States.EnqueuedState, Hangfire.Core","Queue":"NOT A QUEUE"}""", "NOT A QUEUE")]
    [InlineData("not even JSON", "")]
    public async Task A_continuation_whose_next_state_cannot_be_read_fails_alone_and_says_why(string next, string why)
    {
        var parent = await AddAndClaimAsync();
        var bad = await ContinueAsync(parent.JobId, OnSuccess, next);
        var good = await ContinueAsync(parent.JobId, OnSuccess);

        await EndAsync(parent, JobStates.Succeeded);

        var failed = (await GetAsync(bad)).State!;
        failed.Name.ShouldBe(JobStates.Failed);
        failed.Reason.ShouldBe("An error occurred while deserializing the continuation");
        failed.Data["ExceptionMessage"].ShouldContain(why);
        await ShouldHaveGoneToAsync(good, JobStates.Enqueued);
    }

    [Fact]
    public async Task What_waits_for_a_deleted_continuation_goes_on_in_its_turn()
    {
        var parent = await AddAsync(Enqueued());
        var child = await ContinueAsync(parent, OnSuccess);
        var grandchild = await ContinueAsync(child, OnSuccess);
        var afterAll = await ContinueAsync(grandchild, Any);

        await Store.Actions.DeleteAsync([parent], null, default);

        await ShouldHaveGoneToAsync(afterAll, JobStates.Enqueued);
        await ShouldHaveGoneToAsync(child, JobStates.Deleted);
        await ShouldHaveGoneToAsync(grandchild, JobStates.Deleted);
        (await CountAsync(JobStates.Deleted)).ShouldBe(3);
    }

    [Fact]
    public async Task A_continuation_that_was_changed_from_outside_is_left_alone()
    {
        var parent = await AddAndClaimAsync();
        var started = await ContinueAsync(parent.JobId, OnSuccess);
        var dropped = await ContinueAsync(parent.JobId, Any);
        await Store.Actions.RequeueAsync([started], null, default);
        await Store.Actions.DeleteAsync([dropped], null, default);

        await EndAsync(parent, JobStates.Succeeded);

        (await HistoryAsync(started)).ShouldBe([JobStates.Enqueued, JobStates.Awaiting]);
        (await HistoryAsync(dropped)).ShouldBe([JobStates.Deleted, JobStates.Awaiting]);
        (await CountAsync(JobStates.Awaiting)).ShouldBe(0);
    }

    [Fact]
    public async Task A_parent_that_ends_twice_releases_once()
    {
        var parent = await AddAndClaimAsync();
        var child = await ContinueAsync(parent.JobId, OnSuccess);
        await EndAsync(parent, JobStates.Succeeded);
        await Store.Actions.RequeueAsync([parent.JobId], null, default);

        await EndAsync((await ClaimAsync()).Single(job => job.JobId == parent.JobId), JobStates.Succeeded);

        (await HistoryAsync(child)).ShouldBe([JobStates.Enqueued, JobStates.Awaiting]);
    }

    [Fact]
    public async Task Sweeping_leaves_alone_what_waits_rightly()
    {
        var parent = await AddAsync(Enqueued());
        var child = await ContinueAsync(parent, OnSuccess);

        (await Store.Maintenance.ReleaseAwaitingAsync(100, default)).ShouldBe(0);

        (await HistoryAsync(child)).ShouldBe([JobStates.Awaiting]);
    }

    [Fact(Timeout = Limit)]
    public async Task Continuations_added_while_their_parents_end_are_neither_lost_nor_released_twice()
    {
        await Store.Actions.AddAsync([.. Enumerable.Range(0, 200).Select(_ => Enqueued())], default);
        var parents = await ClaimAsync(200);
        var ending = Task.Run(async () =>
        {
            foreach (var some in parents.Chunk(10))
                await Store.Queue.ApplyAsync([.. some.Select(job => By(job, Processing(), Succeeded()))], default);
        });

        var added = await Task.WhenAll(Enumerable.Range(0, 4).Select(n => Task.Run(async () =>
        {
            var children = new List<long>();
            foreach (var parent in parents.Where((_, i) => i % 4 == n))
                children.Add(await ContinueAsync(parent.JobId, OnSuccess));
            return children;
        })));
        await ending;

        var claimed = await ClaimAsync(1000);
        claimed.Select(job => job.JobId).Order().ShouldBe(added.SelectMany(ids => ids).Order());
    }

    NewJob Waiting(long parent, ContinuationOptions options, string? next = null, string? ownQueue = null) => new(
        Call(ownQueue, "\"x\""), JobState.Awaiting(parent, options, next ?? AwaitingState.NextEnqueued(), Now), _noParameters);

    async Task<long> ContinueAsync(long parent, ContinuationOptions options, string? next = null, string? ownQueue = null) =>
        (await Store.Actions.AddContinuationsAsync(parent, [Waiting(parent, options, next, ownQueue)], default)).ShouldHaveSingleItem();

    async Task EndAsync(ClaimedJob job, string end)
    {
        if (end == JobStates.Deleted)
            (await Store.Actions.DeleteAsync([job.JobId], null, default)).ShouldBe(1);
        else
            (await ApplyAsync(By(job, end == JobStates.Succeeded ? Succeeded() : Failed()))).ShouldNotBeNull();
    }

    async Task ShouldHaveGoneToAsync(long child, string expected)
    {
        (await HistoryAsync(child)).ShouldBe(expected == JobStates.Awaiting ? [expected] : [expected, JobStates.Awaiting]);
        (await GetAsync(child)).State!.Reason.ShouldBe(expected == JobStates.Deleted ? "Continuation condition was not met" : null);
        (await ClaimAsync()).Select(job => job.JobId).Contains(child).ShouldBe(expected == JobStates.Enqueued);
    }
}
