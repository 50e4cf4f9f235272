using JobRunner.Storage;
using Shouldly;
using Xunit;

namespace JobRunner.TestSupport;

public abstract partial class JobStoreConformance
{
    [Fact]
    public async Task A_released_job_waits_again_in_its_state()
    {
        var job = await StartAsync(await AddAndClaimAsync());

        await Store.Queue.ReleaseAsync([job.Claim], default);

        var again = (await ClaimAsync()).ShouldHaveSingleItem();
        again.StateName.ShouldBe(JobStates.Processing);
        again.StateId.ShouldBe(job.StateId);
        (await HistoryAsync(job.JobId)).Length.ShouldBe(2);
    }

    [Fact]
    public async Task Releasing_a_claim_that_is_not_held_changes_nothing()
    {
        var first = await AddAndClaimAsync();
        await Store.Queue.ReleaseAsync([first.Claim], default);
        var second = (await ClaimAsync()).ShouldHaveSingleItem();

        await Store.Queue.ReleaseAsync([first.Claim], default);

        (await ClaimAsync()).ShouldBeEmpty();
        (await ApplyAsync(By(second, Succeeded()))).ShouldNotBeNull();
    }

    [Fact]
    public async Task A_dropped_claim_of_a_job_that_moved_on_is_gone_and_a_stale_one_drops_nothing()
    {
        var first = await AddAndClaimAsync();
        await Store.Queue.ReleaseAsync([first.Claim], default);
        var second = (await ClaimAsync()).ShouldHaveSingleItem();
        var lease = new Lease(second.JobId, second.Claim, second.StateId);

        await Store.Queue.DropAsync([lease with { Claim = first.Claim }], default);
        (Store.Queue.Renew([lease])).ShouldBeEmpty();
        await Store.Actions.DeleteAsync([second.JobId], null, default);
        await Store.Queue.DropAsync([lease], default);

        await Store.Queue.ReleaseAsync([second.Claim], default);
        (await Store.Actions.RequeueAsync([second.JobId], null, default)).ShouldBe(1);
        (await ClaimAsync()).ShouldHaveSingleItem("the dropped row did not come back beside the new one");
    }

    [Fact]
    public async Task A_dropped_claim_of_a_job_that_did_not_move_on_is_given_back()
    {
        var job = await AddAndClaimAsync();

        await Store.Queue.DropAsync([new Lease(job.JobId, job.Claim, job.StateId)], default);

        (await ClaimAsync()).ShouldHaveSingleItem().JobId.ShouldBe(job.JobId);
    }

    [Fact]
    public async Task Renewing_tells_which_claims_are_lost()
    {
        await Store.Actions.AddAsync([Enqueued(), Enqueued(), Enqueued(), Enqueued()], default);
        var jobs = await ClaimAsync();
        await Store.Queue.ReleaseAsync([jobs[1].Claim], default);
        await Store.Actions.DeleteAsync([jobs[2].JobId], null, default);
        await ApplyAsync(By(jobs[3], Succeeded()));

        var lost = Store.Queue.Renew([.. jobs.Select(job => new Lease(job.JobId, job.Claim, job.StateId))]);

        lost.ShouldBe([jobs[1].Claim, jobs[2].Claim, jobs[3].Claim], ignoreOrder: true);
    }

    [Fact]
    public async Task A_job_rescued_and_claimed_again_by_the_same_worker_has_lost_its_first_claim_only()
    {
        var first = await AddAndClaimAsync();
        await Store.Queue.ReleaseAsync([first.Claim], default);
        var second = (await ClaimAsync()).ShouldHaveSingleItem();

        var lost = Store.Queue.Renew(
            [new Lease(first.JobId, first.Claim, first.StateId), new Lease(second.JobId, second.Claim, second.StateId)]);

        lost.ShouldBe([first.Claim]);
    }

    [Fact]
    public async Task Jobs_of_a_silent_worker_are_rescued_and_those_of_a_living_one_are_not()
    {
        await Store.Actions.AddAsync([Enqueued(), Enqueued()], default);
        var jobs = await ClaimAsync();
        Store.Servers.Announce(Server("jobrunner@dead:1:a"), TimeSpan.FromSeconds(30));
        var dead = await StartAsync(jobs[0], "jobrunner@dead:1:a");
        await StartAsync(jobs[1], "jobrunner@alive:2:b");
        (await Store.Maintenance.RescueAsync(Silence, null, default)).ShouldBe(0);

        await PassTimeAsync(Silence * 2);
        Store.Servers.Announce(Server("jobrunner@alive:2:b"), TimeSpan.FromSeconds(30));

        (await Store.Maintenance.RescueAsync(Silence, null, default)).ShouldBe(1);
        (await ClaimAsync()).ShouldHaveSingleItem().JobId.ShouldBe(dead.JobId);
        (await ApplyAsync(By(dead, Succeeded()))).ShouldBeNull();
    }

    [Fact]
    public async Task A_job_that_was_claimed_and_never_started_is_rescued_when_nobody_renews_it()
    {
        await Store.Actions.AddAsync([Enqueued(), Enqueued()], default);
        var jobs = await ClaimAsync();
        await PassTimeAsync(Silence * 2);
        Store.Queue.Renew([new Lease(jobs[1].JobId, jobs[1].Claim, jobs[1].StateId)]);

        (await Store.Maintenance.RescueAsync(Silence, null, default)).ShouldBe(1);

        (await ClaimAsync()).ShouldHaveSingleItem().JobId.ShouldBe(jobs[0].JobId);
    }

    [Fact]
    public async Task A_rescued_job_that_was_claimed_anew_is_not_rescued_again_for_its_dead_worker()
    {
        await StartAsync(await AddAndClaimAsync(), "jobrunner@dead:1:a");
        await PassTimeAsync(Silence * 2);
        (await Store.Maintenance.RescueAsync(Silence, null, default)).ShouldBe(1);
        (await ClaimAsync()).Count.ShouldBe(1);

        (await Store.Maintenance.RescueAsync(Silence, null, default)).ShouldBe(0);
    }

    [Fact]
    public async Task A_foreign_server_keeps_its_jobs_until_the_invisibility_timeout()
    {
        await StartAsync(await AddAndClaimAsync(), "hangfire-host:17:c");

        await PassTimeAsync(TimeSpan.FromMinutes(20));
        (await Store.Maintenance.RescueAsync(Silence, null, default)).ShouldBe(0);
        await PassTimeAsync(TimeSpan.FromMinutes(11));
        (await Store.Maintenance.RescueAsync(Silence, null, default)).ShouldBe(1);
    }

    [Fact]
    public async Task A_server_that_is_silent_for_five_minutes_is_forgotten()
    {
        Store.Servers.Announce(new ServerInfo("gone:1:x", ["default"], 1, Now, Now), TimeSpan.FromSeconds(30));
        await PassTimeAsync(TimeSpan.FromMinutes(4));
        Store.Servers.Announce(new ServerInfo("here:1:x", ["default"], 1, Now, Now), TimeSpan.FromSeconds(30));
        await Store.Maintenance.RescueAsync(TimeSpan.FromSeconds(30), null, default);
        (await Store.Servers.ListAsync(default)).Count.ShouldBe(2);

        await PassTimeAsync(TimeSpan.FromMinutes(2));
        await Store.Maintenance.RescueAsync(TimeSpan.FromSeconds(30), null, default);

        (await Store.Servers.ListAsync(default)).ShouldHaveSingleItem().Id.ShouldBe("here:1:x");
    }

    [Fact]
    public async Task What_the_caller_holds_itself_is_not_rescued_however_old_it_looks()
    {
        await Store.Actions.AddAsync([Enqueued(), Enqueued(), Enqueued()], default);
        var jobs = await ClaimAsync();
        await StartAsync(jobs[1]);
        await PassTimeAsync(Silence * 2);

        var own = new Rescuer("jobrunner@own:1:a", Silence * 3, [jobs[0].Claim, jobs[1].Claim]);
        Announce(own);
        await PassTimeAsync(Silence * 2);

        (await Store.Maintenance.RescueAsync(Silence, own, default)).ShouldBe(1);

        (await ClaimAsync()).ShouldHaveSingleItem().JobId.ShouldBe(jobs[2].JobId);
        (await Store.Reader.CountAsync(default)).Rescued.ShouldBe(1);
    }

    [Fact]
    public async Task What_the_caller_has_lost_is_rescued_for_whoever_had_it_since()
    {
        var lost = await AddAndClaimAsync();
        await Store.Queue.ReleaseAsync([lost.Claim], default);
        (await ClaimAsync()).ShouldHaveSingleItem();
        var own = new Rescuer("jobrunner@own:1:a", Silence * 3, [lost.Claim]);
        Announce(own);
        await PassTimeAsync(Silence * 2);

        (await Store.Maintenance.RescueAsync(Silence, own, default)).ShouldBe(1);
    }

    [Fact]
    public async Task A_claim_of_a_job_that_was_deleted_is_nothing_to_rescue()
    {
        var job = await StartAsync(await AddAndClaimAsync());
        await Store.Actions.DeleteAsync([job.JobId], null, default);
        await PassTimeAsync(Silence * 2);

        (await Store.Maintenance.RescueAsync(Silence, null, default)).ShouldBe(0);
        (await GetAsync(job.JobId)).Parameters.Keys.ShouldNotContain(WorkerDeaths.Parameter);
        (await GetAsync(job.JobId)).Queue.ShouldBeNull();
    }

    [Fact]
    public async Task Each_worker_that_died_under_a_job_is_counted_once_and_only_if_it_had_begun_the_job_anew()
    {
        var first = await AddAndClaimAsync();
        (await DieAsync()).ShouldBe(1, "nobody knows whether it had begun");
        (await DieAsync()).ShouldBe(1, "it had not written Processing");
        await StartAsync((await ClaimAsync()).ShouldHaveSingleItem(), "jobrunner@dead:1:a");
        (await DieAsync(claim: false)).ShouldBe(2);
        (await DieAsync()).ShouldBe(2, "it had not written Processing");
        await StartAsync((await ClaimAsync()).ShouldHaveSingleItem(), "jobrunner@dead:1:b");
        (await DieAsync(claim: false)).ShouldBe(3);

        async Task<int> DieAsync(bool claim = true)
        {
            if (claim && (await GetAsync(first.JobId)).Parameters.ContainsKey(WorkerDeaths.Parameter))
                (await ClaimAsync()).Count.ShouldBe(1);
            await PassTimeAsync(Silence * 2);
            (await Store.Maintenance.RescueAsync(Silence, null, default)).ShouldBe(1);
            return WorkerDeaths.Count((await GetAsync(first.JobId)).Parameters);
        }
    }

    [Fact]
    public async Task A_worker_rescues_only_when_it_has_been_heard_without_a_gap_for_as_long()
    {
        var worker = new Rescuer("jobrunner@back:1:a", Silence / 3, []);
        await AddAndClaimAsync();
        await PassTimeAsync(Silence * 2);
        (await Store.Maintenance.RescueAsync(Silence, worker, default)).ShouldBe(0, "nobody has heard of it");
        Announce(worker);
        (await Store.Maintenance.RescueAsync(Silence, worker, default)).ShouldBe(0, "it has only just come");
        for (var i = 0; i < 3; i++)
        {
            await PassTimeAsync(Silence / 4);
            Announce(worker);
        }

        (await Store.Maintenance.RescueAsync(Silence, worker, default)).ShouldBe(0, "others may still come");
        await PassTimeAsync(Silence);
        (await Store.Maintenance.RescueAsync(Silence, worker, default)).ShouldBe(0, "the request was on its way for long");
        Announce(worker);
        (await Store.Maintenance.RescueAsync(Silence, worker, default)).ShouldBe(0, "there was a gap");
        for (var i = 0; i < 5; i++)
        {
            await PassTimeAsync(Silence / 4);
            Announce(worker);
        }

        (await Store.Maintenance.RescueAsync(Silence, worker, default)).ShouldBe(1);
    }

    void Announce(Rescuer worker) =>
        Store.Servers.Announce(Server(worker.ServerId) with { Sandboxes = new("none", 0, 0, 1) }, worker.Gap);
}
