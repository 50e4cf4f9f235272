using JobRunner.Storage;
using Shouldly;
using Xunit;

namespace JobRunner.TestSupport;

public abstract partial class JobStoreConformance
{
    [Theory]
    [InlineData(JobStates.Enqueued)]
    [InlineData(JobStates.Scheduled)]
    [InlineData(JobStates.Processing)]
    [InlineData(JobStates.Succeeded)]
    [InlineData(JobStates.Failed)]
    [InlineData(JobStates.Deleted)]
    public async Task A_job_in_any_state_can_be_requeued_and_runs_once(string state)
    {
        var id = await AddInAsync(state);

        (await Store.Actions.RequeueAsync([id], "again", default)).ShouldBe(1);

        var details = await GetAsync(id);
        details.State!.Name.ShouldBe(JobStates.Enqueued);
        details.State.Reason.ShouldBe("again");
        details.ExpireAt.ShouldBeNull();
        (await ClaimAsync()).ShouldHaveSingleItem().JobId.ShouldBe(id);
        (await EnqueueDueAsync(TimeSpan.FromDays(1))).ShouldBe(0);
        (await CountAsync(JobStates.Succeeded)).ShouldBe(0);
        (await CountAsync(JobStates.Deleted)).ShouldBe(0);
    }

    [Theory]
    [InlineData(JobStates.Enqueued)]
    [InlineData(JobStates.Scheduled)]
    [InlineData(JobStates.Processing)]
    [InlineData(JobStates.Succeeded)]
    [InlineData(JobStates.Failed)]
    public async Task A_job_in_any_state_can_be_deleted_once(string state)
    {
        var id = await AddInAsync(state);

        (await Store.Actions.DeleteAsync([id], "enough", default)).ShouldBe(1);
        (await Store.Actions.DeleteAsync([id], "enough", default)).ShouldBe(0);

        var details = await GetAsync(id);
        details.State!.Name.ShouldBe(JobStates.Deleted);
        details.State.Reason.ShouldBe("enough");
        details.ExpireAt.ShouldNotBeNull();
        (await ClaimAsync()).ShouldBeEmpty();
        (await EnqueueDueAsync(TimeSpan.FromDays(1))).ShouldBe(0);
        var counts = await Store.Reader.CountAsync(default);
        counts.ByState[JobStates.Deleted].ShouldBe(1);
        counts.ByState[JobStates.Succeeded].ShouldBe(0);
        counts.Retries.ShouldBe(0);
    }

    [Fact]
    public async Task A_job_requeued_twice_waits_once()
    {
        var id = await AddAsync(Enqueued());

        await Store.Actions.RequeueAsync([id], null, default);
        await Store.Actions.RequeueAsync([id, id], null, default);

        (await ClaimAsync()).Count.ShouldBe(1);
        (await ClaimAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_job_that_is_requeued_into_another_queue_waits_there_alone()
    {
        var id = await AddAsync(Enqueued("low"));

        await Store.Actions.RequeueAsync([id], null, default);

        (await Store.Reader.CountAsync(default)).Queues.Where(queue => queue.Value > 0).ShouldHaveSingleItem().Key.ShouldBe("default");
        (await ClaimAsync(10, "low", "default")).ShouldHaveSingleItem().Queue.ShouldBe("default");
        (await ClaimAsync(10, "low", "default")).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_requeued_job_goes_back_to_the_queue_that_it_carries()
    {
        var job = await AddAndClaimAsync(Enqueued("default", "critical"));
        await ApplyAsync(By(job, Failed()));

        await Store.Actions.RequeueAsync([job.JobId], null, default);

        (await ClaimAsync(10, "critical")).ShouldHaveSingleItem().JobId.ShouldBe(job.JobId);
    }

    [Fact]
    public async Task Jobs_that_are_gone_are_not_counted()
    {
        var id = await AddAsync(Enqueued());

        (await Store.Actions.RequeueAsync([id, 987_654_321], null, default)).ShouldBe(1);
        (await Store.Actions.DeleteAsync([987_654_321, id], null, default)).ShouldBe(1);
        (await Store.Actions.DeleteAsync([], null, default)).ShouldBe(0);
    }

    [Fact]
    public async Task An_execution_whose_job_was_requeued_finds_its_lease_lost()
    {
        var job = await StartAsync(await AddAndClaimAsync());

        await Store.Actions.RequeueAsync([job.JobId], null, default);

        (Store.Queue.Renew([new Lease(job.JobId, job.Claim, job.StateId)])).ShouldBe([job.Claim]);
        (await ApplyAsync(By(job, Succeeded()))).ShouldBeNull();
        (await ClaimAsync()).ShouldHaveSingleItem().JobId.ShouldBe(job.JobId);
    }

    [Theory]
    [InlineData("release")]
    [InlineData("drop")]
    [InlineData("rescue")]
    public async Task A_job_that_is_requeued_while_it_runs_waits_once_whatever_becomes_of_that_run(string what)
    {
        var job = await StartAsync(await AddAndClaimAsync());
        await Store.Actions.RequeueAsync([job.JobId], null, default);

        await GiveUpAsync(job, what);

        (await Store.Reader.CountAsync(default)).Queues.Values.Sum().ShouldBe(1);
        (await ClaimAsync(10, "default", "low")).ShouldHaveSingleItem().JobId.ShouldBe(job.JobId);
    }

    [Theory]
    [InlineData("release")]
    [InlineData("drop")]
    [InlineData("rescue")]
    public async Task A_job_that_was_requeued_and_runs_anew_is_not_run_beside_that_whatever_becomes_of_the_old_run(string what)
    {
        var old = await AddAndClaimAsync();
        await Store.Actions.RequeueAsync([old.JobId], null, default);
        var job = (await ClaimAsync()).ShouldHaveSingleItem();

        await GiveUpAsync(old, what, job);

        (await ClaimAsync(10, "default", "low")).ShouldBeEmpty();
        (await ApplyAsync(By(job, Processing(), Succeeded()))).ShouldNotBeNull();
    }

    [Fact]
    public async Task A_job_with_two_runs_that_are_given_up_at_once_waits_once()
    {
        var old = await AddAndClaimAsync();
        await Store.Actions.RequeueAsync([old.JobId], null, default);
        var job = (await ClaimAsync()).ShouldHaveSingleItem();

        await Store.Queue.ReleaseAsync([old.Claim, job.Claim], default);

        (await ClaimAsync()).ShouldHaveSingleItem().JobId.ShouldBe(job.JobId);
    }

    async Task GiveUpAsync(ClaimedJob job, string what, ClaimedJob? renewed = null)
    {
        if (what == "release")
            await Store.Queue.ReleaseAsync([job.Claim], default);
        else if (what == "drop")
            await Store.Queue.DropAsync([new Lease(job.JobId, job.Claim, job.StateId)], default);
        else
        {
            await PassTimeAsync(TimeSpan.FromHours(1));
            if (renewed is not null)
                Store.Queue.Renew([new Lease(renewed.JobId, renewed.Claim, renewed.StateId)]).ShouldBeEmpty();
            (await Store.Maintenance.RescueAsync(Silence, null, default)).ShouldBe(0);
        }
    }

    async Task<long> AddInAsync(string state)
    {
        if (state == JobStates.Scheduled)
            return await AddAsync(Scheduled(TimeSpan.FromHours(1)));
        if (state == JobStates.Enqueued)
            return await AddAsync(Enqueued());
        var job = await StartAsync(await AddAndClaimAsync());
        if (state == JobStates.Succeeded)
            await ApplyAsync(By(job, Succeeded()));
        if (state == JobStates.Failed)
            await ApplyAsync(By(job, Failed()));
        if (state == JobStates.Deleted)
            await ApplyAsync(By(job, JobState.Deleted(Now)));
        return job.JobId;
    }
}
