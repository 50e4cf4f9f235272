using Shouldly;
using Xunit;

namespace JobRunner.TestSupport;

public abstract partial class JobStoreConformance
{
    [Fact]
    public async Task Jobs_are_enqueued_when_they_are_due_and_not_before()
    {
        var soon = await AddAsync(Scheduled(TimeSpan.FromMinutes(1)));
        await AddAsync(Scheduled(TimeSpan.FromHours(1)));

        (await Store.Maintenance.EnqueueDueAsync(10, default)).ShouldBe(0);
        (await EnqueueDueAsync(TimeSpan.FromMinutes(2), 10)).ShouldBe(1);
        (await EnqueueDueAsync(TimeSpan.FromMinutes(2), 10)).ShouldBe(0);

        (await ClaimAsync()).ShouldHaveSingleItem().JobId.ShouldBe(soon);
        (await GetAsync(soon)).State!.Reason.ShouldBe("Triggered by DelayedJobScheduler");
        (await HistoryAsync(soon)).ShouldBe([JobStates.Enqueued, JobStates.Scheduled]);
    }

    [Fact]
    public async Task A_scheduled_job_is_never_early_not_even_by_a_millisecond()
    {
        var id = await AddAsync(Scheduled(TimeSpan.FromMilliseconds(1100)));
        var due = HangfireTime.Parse((await GetAsync(id)).State!.Data["EnqueueAt"]);

        await Eventually.HoldsAsync(async () => await Store.Maintenance.EnqueueDueAsync(10, default) == 1);

        Now.ShouldBeGreaterThanOrEqualTo(due);
    }

    [Fact]
    public async Task A_due_job_goes_to_the_queue_that_it_carries()
    {
        var id = await AddAsync(Scheduled(TimeSpan.FromMinutes(1), "critical"));

        (await EnqueueDueAsync(TimeSpan.FromMinutes(2), 10)).ShouldBe(1);

        var job = (await ClaimAsync(10, "critical")).ShouldHaveSingleItem();
        job.JobId.ShouldBe(id);
        job.StateName.ShouldBe(JobStates.Enqueued);
    }

    [Fact]
    public async Task The_earliest_of_many_due_jobs_come_first()
    {
        var ids = await Store.Actions.AddAsync([Scheduled(TimeSpan.FromMinutes(3)), Scheduled(TimeSpan.FromMinutes(1)), Scheduled(TimeSpan.FromMinutes(2))], default);

        (await EnqueueDueAsync(TimeSpan.FromMinutes(5), 2)).ShouldBe(2);

        (await ClaimAsync()).Select(job => job.JobId).ShouldBe([ids[1], ids[2]]);
        (await EnqueueDueAsync(TimeSpan.FromMinutes(5), 2)).ShouldBe(1);
    }

    [Fact]
    public async Task A_job_that_was_deleted_before_it_was_due_stays_deleted()
    {
        var id = await AddAsync(Scheduled(TimeSpan.FromMinutes(1)));
        await Store.Actions.DeleteAsync([id], null, default);

        (await EnqueueDueAsync(TimeSpan.FromMinutes(2), 10)).ShouldBe(0);

        (await HistoryAsync(id))[0].ShouldBe(JobStates.Deleted);
    }

    [Fact(Timeout = Limit)]
    public async Task Workers_share_the_due_jobs_and_enqueue_each_once()
    {
        await Store.Actions.AddAsync([.. Enumerable.Range(0, 300).Select(_ => Scheduled(TimeSpan.FromMinutes(1)))], default);
        await PassTimeAsync(TimeSpan.FromMinutes(2));

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            while (await Store.Maintenance.EnqueueDueAsync(20, default) > 0)
            {
            }
        })));

        (await ClaimAsync(1000)).Select(job => job.JobId).Distinct().Count().ShouldBe(300);
        (await ClaimAsync(1000)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Finished_jobs_expire_after_their_time_and_others_never()
    {
        await Store.Actions.AddAsync([Enqueued(), Enqueued(), Enqueued()], default);
        var jobs = await ClaimAsync();
        await Store.Queue.ApplyAsync([By(jobs[0], Succeeded()), By(jobs[1], Failed())], default);
        (await Store.Maintenance.ExpireAsync(100, default)).ShouldBe(0);

        await PassTimeAsync(TimeSpan.FromDays(40));

        (await Store.Maintenance.ExpireAsync(100, default)).ShouldBe(1);
        (await Store.Reader.GetAsync(jobs[0].JobId, default)).ShouldBeNull();
        (await Store.Reader.GetAsync(jobs[1].JobId, default)).ShouldNotBeNull();
        (await CountAsync(JobStates.Succeeded)).ShouldBe(1);
    }

    [Fact]
    public async Task Expiry_goes_in_steps()
    {
        await Store.Actions.AddAsync([Enqueued(), Enqueued(), Enqueued()], default);
        await Store.Queue.ApplyAsync([.. (await ClaimAsync()).Select(job => By(job, Succeeded()))], default);
        await PassTimeAsync(TimeSpan.FromDays(2));

        (await Store.Maintenance.ExpireAsync(2, default)).ShouldBe(2);
        (await Store.Maintenance.ExpireAsync(2, default)).ShouldBe(1);
        (await Store.Maintenance.ExpireAsync(2, default)).ShouldBe(0);
    }

    [Fact]
    public async Task A_requeued_job_does_not_expire()
    {
        var job = await AddAndClaimAsync();
        await ApplyAsync(By(job, Succeeded()));
        await Store.Actions.RequeueAsync([job.JobId], null, default);
        await PassTimeAsync(TimeSpan.FromDays(2));

        (await Store.Maintenance.ExpireAsync(100, default)).ShouldBe(0);

        (await GetAsync(job.JobId)).ExpireAt.ShouldBeNull();
    }

    [Fact]
    public async Task An_announced_worker_is_listed_until_it_withdraws()
    {
        var server = new Storage.ServerInfo("jobrunner@test:7:9", ["critical", "default"], 20, Now.AddMinutes(-5), default);
        Store.Servers.Announce(server, TimeSpan.FromSeconds(30));
        await PassTimeAsync(TimeSpan.FromMinutes(1));
        Store.Servers.Announce(server, TimeSpan.FromSeconds(30));

        var listed = (await Store.Servers.ListAsync(default)).ShouldHaveSingleItem();
        listed.Id.ShouldBe(server.Id);
        listed.Queues.ShouldBe(server.Queues);
        listed.WorkerCount.ShouldBe(20);
        listed.StartedAt.ShouldBe(server.StartedAt);
        (Now - listed.LastHeartbeat).Duration().ShouldBeLessThan(TimeSpan.FromSeconds(20));

        await Store.Servers.WithdrawAsync(server.Id, default);
        (await Store.Servers.ListAsync(default)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_worker_tells_of_its_sandboxes_and_one_without_any_tells_nothing()
    {
        var sandboxes = new Storage.ServerSandboxes("memory: 512 MB by \"cgroup\"; strict: no", 3, 1, 8);
        Store.Servers.Announce(Server("jobrunner@a:1:2") with { Sandboxes = sandboxes with { Busy = 0 } }, TimeSpan.FromSeconds(30));
        Store.Servers.Announce(Server("jobrunner@a:1:2") with { Sandboxes = sandboxes }, TimeSpan.FromSeconds(30));
        Store.Servers.Announce(Server("jobrunner@b:1:2"), TimeSpan.FromSeconds(30));

        (await Store.Servers.ListAsync(default)).Select(server => server.Sandboxes).ShouldBe([sandboxes, null]);
    }
}
