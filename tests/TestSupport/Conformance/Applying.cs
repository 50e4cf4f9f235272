using Shouldly;
using Xunit;

namespace JobRunner.TestSupport;

public abstract partial class JobStoreConformance
{
    [Fact]
    public async Task A_job_that_succeeds_is_counted_and_expires()
    {
        var job = await StartAsync(await AddAndClaimAsync());

        (await ApplyAsync(By(job, Succeeded("42")))).ShouldNotBeNull();

        var details = await GetAsync(job.JobId);
        details.History.Select(s => s.Name).ShouldBe([JobStates.Succeeded, JobStates.Processing, JobStates.Enqueued]);
        details.State!.Data["Result"].ShouldBe("42");
        details.Queue.ShouldBeNull();
        details.ExpireAt.ShouldNotBeNull().ShouldBeGreaterThan(Now.AddHours(23));
        (await CountAsync(JobStates.Succeeded)).ShouldBe(1);
        (await CountAsync(JobStates.Processing)).ShouldBe(0);
    }

    [Fact]
    public async Task Processing_and_the_end_can_be_written_together()
    {
        var job = await AddAndClaimAsync();

        (await ApplyAsync(By(job, Processing(), Succeeded()))).ShouldNotBeNull();

        (await HistoryAsync(job.JobId)).ShouldBe([JobStates.Succeeded, JobStates.Processing, JobStates.Enqueued]);
    }

    [Fact]
    public async Task A_retry_is_scheduled_with_its_failure_in_the_history()
    {
        var job = await StartAsync(await AddAndClaimAsync());

        (await ApplyAsync(By(job, Failed(), Retry()) with { Parameters = new Dictionary<string, string?> { ["RetryCount"] = "1" } })).ShouldNotBeNull();

        var details = await GetAsync(job.JobId);
        details.History.Take(2).Select(s => s.Name).ShouldBe([JobStates.Scheduled, JobStates.Failed]);
        details.Parameters["RetryCount"].ShouldBe("1");
        details.ExpireAt.ShouldBeNull();
        var counts = await Store.Reader.CountAsync(default);
        counts.Retries.ShouldBe(1);
        counts.ByState[JobStates.Failed].ShouldBe(0);
        (await ClaimAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_second_retry_replaces_the_count_and_leaves_the_retries_when_it_is_due()
    {
        var first = await AddAndClaimAsync();
        await ApplyAsync(By(first, Processing(), Failed(), Retry()) with { Parameters = new Dictionary<string, string?> { ["RetryCount"] = "1" } });
        await EnqueueDueAsync(TimeSpan.FromMinutes(1));
        (await Store.Reader.CountAsync(default)).Retries.ShouldBe(0);
        var second = (await ClaimAsync()).ShouldHaveSingleItem();

        await ApplyAsync(By(second, Processing(), Failed(), Retry()) with { Parameters = new Dictionary<string, string?> { ["RetryCount"] = "2" } });

        (await GetAsync(first.JobId)).Parameters["RetryCount"].ShouldBe("2");
        (await Store.Reader.CountAsync(default)).Retries.ShouldBe(1);
    }

    [Fact]
    public async Task A_job_that_failed_for_good_is_kept()
    {
        var job = await AddAndClaimAsync();

        await ApplyAsync(By(job, Processing(), Failed()));

        (await GetAsync(job.JobId)).ExpireAt.ShouldBeNull();
        (await CountAsync(JobStates.Failed)).ShouldBe(1);
    }

    [Fact]
    public async Task A_change_takes_once()
    {
        var job = await AddAndClaimAsync();

        (await ApplyAsync(By(job, Processing(), Succeeded()))).ShouldNotBeNull();
        (await ApplyAsync(By(job, Processing(), Succeeded()))).ShouldBeNull();

        (await HistoryAsync(job.JobId)).Length.ShouldBe(3);
        (await CountAsync(JobStates.Succeeded)).ShouldBe(1);
    }

    [Fact]
    public async Task An_end_that_is_written_once_more_is_recognized_also_when_the_job_has_moved_on()
    {
        var job = await AddAndClaimAsync();
        var end = By(job, Processing(), Failed(), JobState.Enqueued("default", Now, "Retry attempt 1 of 10: boom"));
        var written = await ApplyAsync(end);

        (await ApplyAsync(end)).ShouldBe(written);
        var next = (await ClaimAsync()).ShouldHaveSingleItem();
        (await ApplyAsync(By(next, Processing(), Succeeded()))).ShouldNotBeNull();
        (await ApplyAsync(end)).ShouldNotBeNull();

        (await HistoryAsync(job.JobId)).ShouldBe(
            [JobStates.Succeeded, JobStates.Processing, JobStates.Enqueued, JobStates.Failed, JobStates.Processing, JobStates.Enqueued]);
    }

    [Fact]
    public async Task The_end_of_a_marked_run_that_is_written_once_more_is_recognized()
    {
        var job = await StartAsync(await AddAndClaimAsync());
        var end = By(job, Succeeded("1"));
        var written = await ApplyAsync(end);

        (await ApplyAsync(end)).ShouldBe(written);
        (await ApplyAsync(By(job, Succeeded("2")))).ShouldBeNull();
        (await CountAsync(JobStates.Succeeded)).ShouldBe(1);
    }

    [Fact]
    public async Task A_mark_that_is_written_once_more_is_recognized_as_long_as_the_job_is_in_it()
    {
        var job = await AddAndClaimAsync();
        var mark = By(job, Processing());
        var written = await ApplyAsync(mark);

        (await ApplyAsync(mark)).ShouldBe(written);
        (await HistoryAsync(job.JobId)).Length.ShouldBe(2);
        await Store.Actions.DeleteAsync([job.JobId], null, default);
        (await ApplyAsync(mark)).ShouldBeNull("somebody deleted it");
    }

    [Fact]
    public async Task A_mark_that_is_written_once_more_after_a_rescue_is_not_taken()
    {
        var job = await AddAndClaimAsync();
        var mark = By(job, Processing());
        await ApplyAsync(mark);
        await Store.Queue.ReleaseAsync([job.Claim], default);

        (await ApplyAsync(mark)).ShouldBeNull();
    }

    [Fact]
    public async Task A_late_finisher_changes_nothing_once_its_claim_was_taken_back()
    {
        var late = await StartAsync(await AddAndClaimAsync());
        await Store.Queue.ReleaseAsync([late.Claim], default);
        (await ApplyAsync(By(late, Succeeded()))).ShouldBeNull();
        var next = (await ClaimAsync()).ShouldHaveSingleItem();

        (await ApplyAsync(By(late, Succeeded()))).ShouldBeNull();

        (await ApplyAsync(By(next, Processing(), Failed()))).ShouldNotBeNull();
        (await HistoryAsync(late.JobId))[0].ShouldBe(JobStates.Failed);
    }

    [Fact]
    public async Task An_end_that_comes_after_a_change_from_outside_changes_nothing_but_gives_its_claim_up()
    {
        var job = await StartAsync(await AddAndClaimAsync());
        await Store.Actions.DeleteAsync([job.JobId], null, default);

        (await ApplyAsync(By(job, Succeeded()))).ShouldBeNull();

        (await HistoryAsync(job.JobId))[0].ShouldBe(JobStates.Deleted);
        (await CountAsync(JobStates.Succeeded)).ShouldBe(0);
        await Store.Queue.ReleaseAsync([job.Claim], default);
        (await Store.Reader.CountAsync(default)).Queues.ShouldBeEmpty();
    }

    [Fact]
    public async Task Each_change_of_a_batch_is_guarded_for_itself()
    {
        await Store.Actions.AddAsync([Enqueued(), Enqueued(), Enqueued()], default);
        var jobs = await ClaimAsync();
        await Store.Actions.DeleteAsync([jobs[1].JobId], null, default);

        var taken = await Store.Queue.ApplyAsync([.. jobs.Reverse().Select(job => By(job, Processing(), Succeeded()))], default);

        taken.Select(id => id is not null).ShouldBe([true, false, true]);
        (await CountAsync(JobStates.Succeeded)).ShouldBe(2);
    }

    [Fact]
    public async Task The_returned_state_ids_guard_the_next_change()
    {
        await Store.Actions.AddAsync([Enqueued(), Enqueued()], default);
        var jobs = await ClaimAsync();

        var started = await Store.Queue.ApplyAsync([.. jobs.Select(job => By(job, Processing()))], default);
        var ended = await Store.Queue.ApplyAsync([.. jobs.Select((job, i) => By(job, Succeeded()) with { SeenStateId = started[i]!.Value })], default);

        ended.ShouldAllBe(id => id != null);
        ended.ShouldNotContain(started[0]);
    }

    [Fact]
    public async Task Two_changes_of_one_job_in_one_batch_are_made_one_after_the_other()
    {
        var job = await AddAndClaimAsync();

        var taken = await Store.Queue.ApplyAsync([By(job, Succeeded()), By(job, Failed())], default);

        taken.Select(id => id is not null).ShouldBe([true, false]);
        (await HistoryAsync(job.JobId)).ShouldBe([JobStates.Succeeded, JobStates.Enqueued]);
    }

    [Fact]
    public async Task A_text_with_characters_that_no_database_takes_does_not_refuse_its_batch()
    {
        await Store.Actions.AddAsync([Enqueued(), Enqueued()], default);
        var jobs = await ClaimAsync();
        var strange = JobState.Failed(Now, new ExceptionInfo("E", "a\0b\ud800c", "\0"), null, "why\0");

        var taken = await Store.Queue.ApplyAsync([By(jobs[0], strange), By(jobs[1], Succeeded())], default);

        taken.ShouldAllBe(id => id != null);
        (await GetAsync(jobs[0].JobId)).State!.Name.ShouldBe(JobStates.Failed);
    }

    [Fact(Timeout = Limit)]
    public async Task Batches_that_meet_neither_deadlock_nor_take_twice()
    {
        await Store.Actions.AddAsync([.. Enumerable.Range(0, 200).Select(_ => Enqueued())], default);
        var jobs = await ClaimAsync(200);

        var taken = await Task.WhenAll(Enumerable.Range(0, 6).Select(n => Task.Run(() => Store.Queue.ApplyAsync(
            [.. (n % 2 == 0 ? jobs : jobs.Reverse()).Select(job => By(job, Processing(), Succeeded()))], default))));

        taken.Sum(batch => batch.Count(id => id is not null)).ShouldBe(200);
        (await CountAsync(JobStates.Succeeded)).ShouldBe(200);
    }
}
