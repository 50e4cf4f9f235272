using JobRunner.Storage;
using JobRunner.TestSupport;

namespace JobRunner.Postgres.Tests;

/// <summary>Hangfire's servers and clients change a job's state under a lock, and so do we.</summary>
public sealed class JobLockTests(PostgresFixture fixture) : StoreTests(fixture)
{
    HandMadeHangfire _hangfire = null!;

    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        _hangfire = HandMadeHangfire.Open(ConnectionString);
    }

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        await _hangfire.DisposeAsync();
    }

    [Fact(Timeout = 30_000)]
    public async Task A_job_that_somebody_else_has_locked_holds_up_no_other_of_its_batch()
    {
        var jobs = await AddAndClaimAsync(1000);
        await _hangfire.LockAsync(LockOf(jobs[500]));

        var applied = await Store.Queue.ApplyAsync([.. jobs.Select(End)], default);

        applied.Busy.ShouldBe([500]);
        applied.Count(id => id is not null).ShouldBe(999);
        applied[500].ShouldBeNull();
        await _hangfire.UnlockAsync(LockOf(jobs[500]));
        (await Store.Queue.ApplyAsync([End(jobs[500])], default)).ShouldHaveSingleItem().ShouldNotBeNull("its claim was still held");
        await NoLockShouldRemainAsync();
    }

    [Fact(Timeout = 30_000)]
    public async Task The_lock_of_somebody_who_died_is_taken_over_after_ten_minutes()
    {
        var jobs = await AddAndClaimAsync(1);
        await _hangfire.LockAsync(LockOf(jobs[0]));
        await ExecuteAsync("update hangfire.lock set acquired = now() - interval '9 minutes'");
        await Store.Queue.ApplyAsync([End(jobs[0])], default);
        (await Store.Queue.ApplyAsync([End(jobs[0])], default)).Busy.ShouldBe([0]);

        await ExecuteAsync("update hangfire.lock set acquired = now() - interval '11 minutes'");
        await Store.Queue.ApplyAsync([End(jobs[0])], default);

        (await Store.Queue.ApplyAsync([End(jobs[0])], default)).ShouldHaveSingleItem().ShouldNotBeNull();
        await NoLockShouldRemainAsync();
    }

    [Fact(Timeout = 30_000)]
    public async Task Deleting_waits_for_the_locked_job_after_it_has_deleted_the_others()
    {
        var jobs = await AddAndClaimAsync(3);
        await _hangfire.LockAsync(LockOf(jobs[1]));

        var deleting = Store.Actions.DeleteAsync([.. jobs.Select(job => job.JobId)], null, default);
        await Eventually.HoldsAsync(async () => (await Store.Reader.CountAsync(default)).ByState[JobStates.Deleted] == 2);
        deleting.IsCompleted.ShouldBeFalse();
        await _hangfire.UnlockAsync(LockOf(jobs[1]));

        (await deleting).ShouldBe(3);
    }

    [Fact(Timeout = 30_000)]
    public async Task Adding_a_continuation_waits_for_the_lock_of_its_parent()
    {
        var parent = (await AddAndClaimAsync(1))[0];
        await _hangfire.LockAsync(LockOf(parent));
        var child = new NewJob(parent.Invocation!, JobState.Awaiting(parent.JobId, default, AwaitingState.NextEnqueued(), Now), new Dictionary<string, string?>());

        var adding = Store.Actions.AddContinuationsAsync(parent.JobId, [child], default);
        await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
        adding.IsCompleted.ShouldBeFalse();
        (await Store.Reader.CountAsync(default)).ByState[JobStates.Awaiting].ShouldBe(0);
        await _hangfire.UnlockAsync(LockOf(parent));

        (await adding).Count.ShouldBe(1);
        await NoLockShouldRemainAsync();
    }

    [Fact(Timeout = 30_000)]
    public async Task A_due_job_that_somebody_else_has_locked_is_enqueued_later()
    {
        var ids = await Store.Actions.AddAsync([.. Enumerable.Range(0, 3).Select(_ => new NewJob(
            new Invocation("T, A", "M", [], []), JobState.Scheduled(Now, Now), new Dictionary<string, string?>()))], default);
        await _hangfire.LockAsync($"hangfire:job:{ids[0]}:state-lock");

        (await Store.Maintenance.EnqueueDueAsync(10, default)).ShouldBe(2);
        await _hangfire.UnlockAsync($"hangfire:job:{ids[0]}:state-lock");

        (await Store.Maintenance.EnqueueDueAsync(10, default)).ShouldBe(1);
    }

    static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    static string LockOf(ClaimedJob job) => $"hangfire:job:{job.JobId}:state-lock";

    static StateChange End(ClaimedJob job) => new(job.JobId, job.StateId, job.StateName,
        [JobState.Succeeded(Now, default, default, null)], null, job.Claim);

    async Task<IReadOnlyList<ClaimedJob>> AddAndClaimAsync(int count)
    {
        await Store.Actions.AddAsync([.. Enumerable.Range(0, count).Select(_ => new NewJob(
            new Invocation("T, A", "M", [], []), JobState.Enqueued("default", Now), new Dictionary<string, string?>()))], default);
        return await Store.Queue.ClaimAsync(["default"], count, default);
    }

    Task ExecuteAsync(string sql) => Sql.ExecuteAsync(ConnectionString, sql);

    async Task NoLockShouldRemainAsync() =>
        (await Sql.LinesAsync(ConnectionString, "select resource from hangfire.lock")).ShouldBeEmpty();
}
