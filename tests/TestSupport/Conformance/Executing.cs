using JobRunner.Storage;
using Shouldly;
using Xunit;

namespace JobRunner.TestSupport;

public abstract partial class JobStoreConformance
{
    const string WorkerName = "jobrunner@test:1:5d2c";

    [Fact]
    public async Task Each_end_of_an_execution_leaves_a_line_in_the_history()
    {
        Store.History.IsKept.ShouldBeTrue();
        await Store.Actions.AddAsync([Enqueued(), Enqueued(), Enqueued(), Enqueued()], default);
        var jobs = await ClaimAsync();
        var failed = JobState.Failed(Now, new("Shop.OutOfStock", "Nothing is left.\r\nOf it.", ""), null);
        await Store.Queue.ApplyAsync(
        [
            Ending(jobs[0], Processing(), Succeeded("42")), Ending(jobs[1], Processing(), failed),
            Ending(jobs[2], Processing(), failed, Retry()), Ending(jobs[3], failed, JobState.Deleted(Now)),
        ], default);

        var lines = (await HistoryOfAllAsync()).OrderBy(line => line.JobId).ToArray();

        lines.Select(line => line.JobId).ShouldBe(jobs.Select(job => job.JobId).Order());
        lines.Select(line => line.End).ShouldBe([ExecutionEnd.Succeeded, ExecutionEnd.Failed, ExecutionEnd.Retried, ExecutionEnd.Deleted]);
        lines.Select(line => line.Reason).ShouldBe([null, EndReason.Exception, EndReason.Exception, EndReason.Exception]);
        lines.Select(line => line.Error).Distinct().ShouldBe([null, "Shop.OutOfStock: Nothing is left."]);
        var first = lines[0];
        (first.Method, first.Queue, first.Server, first.Attempt).ShouldBe(("Shop.Contracts.StaticJobs.Echo", "default", WorkerName, 3));
        first.Ran.ShouldBe(TimeSpan.FromMilliseconds(7));
        first.Waited.ShouldBe(TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(5));
        first.EndedAt.ShouldBe(Now, TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task An_end_that_is_written_once_more_leaves_one_line_and_one_that_came_too_late_none()
    {
        await Store.Actions.AddAsync([Enqueued(), Enqueued()], default);
        var jobs = await ClaimAsync();
        var late = Ending(jobs[1], Processing(), Succeeded());
        await Store.Actions.DeleteAsync([jobs[1].JobId], null, default);
        var end = Ending(jobs[0], Processing(), Succeeded());

        (await Store.Queue.ApplyAsync([end, late], default))[1].ShouldBeNull();
        (await ApplyAsync(end)).ShouldNotBeNull("it is recognized");

        (await HistoryOfAllAsync()).ShouldHaveSingleItem().JobId.ShouldBe(jobs[0].JobId);
    }

    [Fact]
    public async Task A_mark_leaves_no_line_and_the_end_after_it_tells_how_long_the_job_waited()
    {
        var claimed = await AddAndClaimAsync();
        var mark = By(claimed, Processing()) with { Run = Run(claimed) };
        var marked = (await ApplyAsync(mark)).ShouldNotBeNull();
        (await HistoryOfAllAsync()).ShouldBeEmpty();

        await ApplyAsync(Ending(claimed with { StateId = marked, StateName = JobStates.Processing }, Succeeded()) with { Run = Run(claimed) });

        (await HistoryOfAllAsync()).ShouldHaveSingleItem().Waited.ShouldBe(TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task A_run_whose_job_was_deleted_leaves_a_line_when_its_claim_is_dropped()
    {
        await Store.Actions.AddAsync([Enqueued(), Enqueued()], default);
        var jobs = await ClaimAsync();
        await Store.Actions.DeleteAsync([jobs[0].JobId], null, default);
        Lease[] leases = [.. jobs.Select(job => new Lease(job.JobId, job.Claim, job.StateId) { Run = Run(job, EndReason.Cancelled) })];

        await Store.Queue.DropAsync(leases, default);
        await Store.Queue.DropAsync(leases, default);

        var line = (await HistoryOfAllAsync()).ShouldHaveSingleItem("the other job has not moved on");
        (line.JobId, line.End, line.Reason, line.Error).ShouldBe((jobs[0].JobId, ExecutionEnd.Cancelled, EndReason.Cancelled, null));
    }

    [Fact]
    public async Task The_history_is_read_in_pages_newest_first_and_by_method_and_end()
    {
        await Store.Actions.AddAsync([.. Enumerable.Range(0, 5).Select(_ => Enqueued())], default);
        var jobs = await ClaimAsync();
        foreach (var some in jobs.Chunk(2))
            await Store.Queue.ApplyAsync([.. some.Select(job => job.JobId % 2 == 0 ? Ending(job, Succeeded()) : Ending(job, Failed()))], default);
        var all = new ExecutionQuery(Now.AddHours(-1), Now.AddHours(1), 2);

        var pages = new List<ExecutionRecord>();
        for (var page = await ReadAsync(all); page.Count > 0; page = await ReadAsync(all with { After = (page[^1].EndedAt, page[^1].JobId) }))
            pages.AddRange(page);

        pages.Select(line => line.JobId).ShouldBe(jobs.Select(job => job.JobId).OrderDescending());
        (await ReadAsync(all with { Count = 10, End = ExecutionEnd.Failed })).Select(line => line.JobId % 2).Distinct().ShouldBe([1]);
        (await ReadAsync(all with { Count = 10, Method = "Shop.Contracts.StaticJobs.Echo" })).Count.ShouldBe(5);
        (await ReadAsync(all with { Method = "Shop.Contracts.StaticJobs.Other" })).ShouldBeEmpty();
        (await ReadAsync(all with { To = Now.AddMinutes(-30) })).ShouldBeEmpty();
    }

    [Fact]
    public async Task The_history_is_added_up_by_method()
    {
        await Store.Actions.AddAsync([Enqueued(), Enqueued(), Enqueued(), Enqueued()], default);
        var jobs = await ClaimAsync();
        await Store.Queue.ApplyAsync(
        [
            Ending(jobs[0], Succeeded()), Ending(jobs[1], Failed(), Retry()),
            Ending(jobs[2], Succeeded()) with { Run = Run(jobs[2]) with { Ran = TimeSpan.FromMilliseconds(28) } },
            Ending(jobs[3], Succeeded()) with { Run = Run(jobs[3]) with { Call = null } },
        ], default);

        (await Store.History.SummarizeAsync(Now.AddHours(-1), Now.AddHours(1), 10, default)).ShouldBe(
        [
            new("Shop.Contracts.StaticJobs.Echo", 3, 1, TimeSpan.FromMilliseconds(14), TimeSpan.FromMilliseconds(28)),
            new("?", 1, 0, TimeSpan.FromMilliseconds(7), TimeSpan.FromMilliseconds(7)),
        ]);
    }

    /// <summary>The end of a run that began 20 s after its job was enqueued.</summary>
    StateChange Ending(ClaimedJob job, params JobState[] states) => By(job, states) with
    {
        Run = Run(job, states.Any(state => state.Name == JobStates.Failed) ? EndReason.Exception : null),
    };

    EndedRun Run(ClaimedJob job, EndReason? reason = null) =>
        new(job.Invocation, job.Queue, WorkerName, job.StateId, 3, Now.AddSeconds(20), TimeSpan.FromMilliseconds(7), reason);

    Task<IReadOnlyList<ExecutionRecord>> HistoryOfAllAsync() => ReadAsync(new(Now.AddHours(-1), Now.AddHours(1), 100));

    Task<IReadOnlyList<ExecutionRecord>> ReadAsync(ExecutionQuery query) => Store.History.ReadAsync(query, default);
}
