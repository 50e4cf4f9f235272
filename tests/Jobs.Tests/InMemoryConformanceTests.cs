using JobRunner.InMemory;
using JobRunner.Storage;
using JobRunner.TestSupport;

namespace JobRunner.Jobs.Tests;

public sealed class InMemoryConformanceTests : JobStoreConformance
{
    readonly MovableTime _time = new();

    protected override DateTimeOffset Now => _time.GetUtcNow();

    protected override Task<IJobStore> CreateAsync() => Task.FromResult<IJobStore>(new InMemoryJobStore(_time));

    protected override Task PassTimeAsync(TimeSpan time)
    {
        _time.Offset += time;
        return Task.CompletedTask;
    }

    [Theory]
    [InlineData("release")]
    [InlineData("drop")]
    [InlineData("rescue")]
    public async Task A_job_that_is_requeued_while_it_runs_waits_once_whatever_becomes_of_that_run(string what)
    {
        var job = await AddAndClaimAsync();
        await Store.RequeueAsync([job.JobId], null, default);

        if (what == "release")
            await Store.ReleaseAsync([job.Claim], default);
        else if (what == "drop")
            await Store.DropAsync([new Lease(job.JobId, job.Claim, job.StateId)], default);
        await PassTimeAsync(TimeSpan.FromHours(1));
        await Store.RescueAsync(Silence, default);

        (await ClaimAsync()).ShouldHaveSingleItem().JobId.ShouldBe(job.JobId);
        (await ClaimAsync()).ShouldBeEmpty();
    }

    sealed class MovableTime : TimeProvider
    {
        public TimeSpan Offset { get; set; }

        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + Offset;
    }
}
