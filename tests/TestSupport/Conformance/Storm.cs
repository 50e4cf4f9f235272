using JobRunner.Storage;
using Shouldly;
using Xunit;

namespace JobRunner.TestSupport;

public abstract partial class JobStoreConformance
{
    [Fact(Timeout = Limit)]
    public async Task Of_changes_from_outside_that_saw_the_same_state_one_takes()
    {
        var ids = await Store.Actions.AddAsync([.. Enumerable.Range(0, 100).Select(_ => Enqueued())], default);
        var seen = await ClaimAsync(100);

        var taken = await Task.WhenAll(Enumerable.Range(0, 6).Select(n => Task.Run(() => Store.Queue.ApplyAsync(
            [.. (n % 2 == 0 ? seen : seen.Reverse()).Select(job => new StateChange(job.JobId, job.StateId, job.StateName, [JobState.Deleted(Now)]))], default))));

        taken.Sum(batch => batch.Count(id => id is not null)).ShouldBe(ids.Count);
        (await CountAsync(JobStates.Deleted)).ShouldBe(ids.Count);
        (await HistoryAsync(ids[0])).ShouldBe([JobStates.Deleted, JobStates.Enqueued]);
    }

    /// <summary>Everything at once, on few jobs, so that all meet all the time. What must hold: nobody waits in a circle, no
    /// job is lost, none is finished twice without having been requeued in between.</summary>
    [Fact(Timeout = Limit)]
    public async Task In_a_storm_of_claims_ends_releases_requeues_and_rescues_no_job_is_lost()
    {
        var ids = await Store.Actions.AddAsync([.. Enumerable.Range(0, 60).Select(_ => Enqueued())], default);
        using var calm = new CancellationTokenSource(TimeSpan.FromSeconds(3));
        var storm = Enumerable.Range(0, 4).Select(n => StormAsync(new Random(n), calm.Token))
            .Append(MeddleAsync(ids, new Random(99), calm.Token)).ToArray();
        await Task.WhenAll(storm);

        // Calm again: whoever was cut off is rescued, and all that is not finished gets finished.
        await PassTimeAsync(Silence * 2);
        await Store.Maintenance.RescueAsync(Silence, null, default);
        await EnqueueDueAsync(TimeSpan.FromDays(1), 1000);
        while (await ClaimAsync(100) is { Count: > 0 } left)
            await Store.Queue.ApplyAsync([.. left.DistinctBy(job => job.JobId).Select(job => By(job, Processing(), Succeeded()))], default);

        var states = new List<string>();
        foreach (var id in ids)
        {
            var job = await GetAsync(id);
            states.Add(job.State!.Name);
            states[^1].ShouldBeOneOf([JobStates.Succeeded, JobStates.Deleted], $"in {job.Queue}: {string.Join(", ", job.History.Take(8).Select(state => $"{state.Name} {state.Reason} {state.CreatedAt:ss.ffffff}"))}");
        }

        var counts = await Store.Reader.CountAsync(default);
        counts.ByState[JobStates.Succeeded].ShouldBe(states.Count(state => state == JobStates.Succeeded));
        counts.ByState[JobStates.Deleted].ShouldBe(states.Count(state => state == JobStates.Deleted));
        counts.Retries.ShouldBe(0);
        counts.Queues.ShouldBeEmpty();
    }

    async Task StormAsync(Random random, CancellationToken calm)
    {
        while (!calm.IsCancellationRequested)
        {
            var jobs = (await ClaimAsync(random.Next(1, 20))).DistinctBy(job => job.JobId).ToArray();
            Store.Queue.Renew([.. jobs.Select(job => new Lease(job.JobId, job.Claim, job.StateId))]);
            var released = jobs.Where(_ => random.Next(4) == 0).ToArray();
            await Task.WhenAll(
                Store.Queue.ReleaseAsync([.. released.Select(job => job.Claim)], default),
                Store.Queue.ApplyAsync([.. jobs.Except(released).Select(job => random.Next(3) == 0
                    ? By(job, Processing(), Failed(), Retry(TimeSpan.Zero)) with { Parameters = new Dictionary<string, string?> { ["RetryCount"] = "1" } }
                    : By(job, Processing(), Succeeded()))], default),
                Task.Run(() => Store.Queue.Renew([.. jobs.Select(job => new Lease(job.JobId, job.Claim, job.StateId))])));
            if (jobs.Length == 0)
                await Task.Delay(TimeSpan.FromMilliseconds(2), TimeProvider.System, CancellationToken.None);
        }
    }

    async Task MeddleAsync(IReadOnlyList<long> ids, Random random, CancellationToken calm)
    {
        while (!calm.IsCancellationRequested)
        {
            long[] some = [.. ids.Where(_ => random.Next(3) == 0)];
            random.Shuffle(some);
            await Task.WhenAll(
                Store.Actions.RequeueAsync(some[..(some.Length / 2)], "storm", default),
                Store.Actions.DeleteAsync(some[(some.Length / 2)..], "storm", default),
                Store.Maintenance.EnqueueDueAsync(7, default),
                Store.Maintenance.RescueAsync(TimeSpan.FromMilliseconds(20), null, default),
                Store.Maintenance.ExpireAsync(10, default));
        }
    }
}
