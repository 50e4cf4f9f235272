using Shouldly;
using Xunit;

namespace JobRunner.TestSupport;

public abstract partial class JobStoreConformance
{
    [Fact]
    public async Task A_job_is_kept_for_as_long_as_the_change_that_ends_it_says()
    {
        await Store.Actions.AddAsync([Enqueued(), Enqueued(), Enqueued()], default);
        var jobs = await ClaimAsync();
        await Store.Queue.ApplyAsync(
        [
            By(jobs[0], Succeeded()) with { Retention = TimeSpan.FromHours(1) },
            By(jobs[1], Failed()) with { Retention = TimeSpan.FromDays(30) },
            By(jobs[2], Failed(), Retry()) with { Retention = null },
        ], default);

        (await GetAsync(jobs[0].JobId)).ExpireAt!.Value.ShouldBe(Now.AddHours(1), TimeSpan.FromMinutes(1));
        (await GetAsync(jobs[1].JobId)).ExpireAt!.Value.ShouldBe(Now.AddDays(30), TimeSpan.FromMinutes(1));
        (await GetAsync(jobs[2].JobId)).ExpireAt.ShouldBeNull();
        await PassTimeAsync(TimeSpan.FromHours(2));
        (await Store.Maintenance.ExpireAsync(10, default)).ShouldBe(1);
        await PassTimeAsync(TimeSpan.FromDays(30));
        (await Store.Maintenance.ExpireAsync(10, default)).ShouldBe(1);
        (await Store.Reader.GetAsync(jobs[1].JobId, default)).ShouldBeNull();
        (await CountAsync(JobStates.Failed)).ShouldBe(0);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_failed_job_that_would_expire_is_kept_when_it_is_requeued_or_deleted(bool requeued)
    {
        var job = await AddAndClaimAsync();
        await ApplyAsync(By(job, Failed()) with { Retention = TimeSpan.FromHours(1) });

        if (requeued)
            await Store.Actions.RequeueAsync([job.JobId], null, default);
        else
            await Store.Actions.DeleteAsync([job.JobId], null, default);

        await PassTimeAsync(TimeSpan.FromHours(2));
        (await Store.Maintenance.ExpireAsync(10, default)).ShouldBe(0);
        (await GetAsync(job.JobId)).ExpireAt.HasValue.ShouldBe(!requeued);
    }

    [Fact]
    public async Task A_deleted_job_is_kept_for_a_day_by_default()
    {
        var id = await AddAsync(Enqueued());

        await Store.Actions.DeleteAsync([id], null, default);

        (await GetAsync(id)).ExpireAt!.Value.ShouldBe(Now.AddDays(1), TimeSpan.FromMinutes(1));
    }

    [Theory]
    [InlineData(ContinuationOptions.OnAnyFinishedState, JobStates.Enqueued)]
    [InlineData(ContinuationOptions.OnlyOnSucceededState, JobStates.Deleted)]
    public async Task What_waits_for_a_failed_job_that_expires_is_released(ContinuationOptions options, string expected)
    {
        var parent = await AddAndClaimAsync();
        var child = await ContinueAsync(parent.JobId, options);
        await ApplyAsync(By(parent, Failed()) with { Retention = TimeSpan.FromHours(1) });
        await PassTimeAsync(TimeSpan.FromHours(2));

        (await Store.Maintenance.ExpireAsync(10, default)).ShouldBe(1);
        await Store.Maintenance.ReleaseAwaitingAsync(100, default);

        await ShouldHaveGoneToAsync(child, expected);
    }
}
