using JobRunner.Storage;
using Shouldly;
using Xunit;

namespace JobRunner.TestSupport;

public abstract partial class JobStoreConformance
{
    [Fact]
    public async Task A_job_that_never_was_reads_as_null() => (await Store.Reader.GetAsync(987_654_321, default)).ShouldBeNull();

    [Fact]
    public async Task A_running_job_tells_its_queue()
    {
        var job = await StartAsync(await AddAndClaimAsync(Enqueued("low")));

        (await GetAsync(job.JobId)).Queue.ShouldBe("low");
    }

    [Fact]
    public async Task The_states_of_many_jobs_are_read_at_once_and_the_ends_of_those_that_have_ended_as_a_whole()
    {
        var succeeded = await AddAndClaimAsync();
        await ApplyAsync(By(succeeded, Succeeded("42")));
        var failed = await AddAndClaimAsync();
        await ApplyAsync(By(failed, Failed()));
        var scheduled = await AddAsync(Scheduled(TimeSpan.FromHours(1)));

        var states = await Store.Reader.GetStatesAsync([succeeded.JobId, failed.JobId, scheduled, 987_654_321, scheduled], default);

        states.ToDictionary(state => state.JobId, state => state.Name).ShouldBe(new Dictionary<long, string?>
        {
            [succeeded.JobId] = JobStates.Succeeded, [failed.JobId] = JobStates.Failed, [scheduled] = JobStates.Scheduled,
        }, ignoreOrder: true);
        states.Single(state => state.JobId == succeeded.JobId).End!.Data["Result"].ShouldBe("42");
        states.Single(state => state.JobId == failed.JobId).End!.Data["ExceptionMessage"].ShouldBe("boom");
        states.Single(state => state.JobId == scheduled).End.ShouldBeNull();
        (await Store.Reader.GetStatesAsync([], default)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Ends_that_are_long_come_in_several_answers()
    {
        var random = Convert.ToHexString(System.Security.Cryptography.RandomNumberGenerator.GetBytes(3_000_000));
        var jobs = new List<ClaimedJob>();
        for (var i = 0; i < 4; i++)
        {
            jobs.Add(await AddAndClaimAsync());
            await ApplyAsync(By(jobs[i], Succeeded($"{i}{random}")));
        }

        var ends = new List<JobState>();
        for (List<long> left = [.. jobs.Select(job => job.JobId)]; left.Count > 0;)
        {
            var states = await Store.Reader.GetStatesAsync(left, default);
            states.Count.ShouldBe(left.Count);
            states.ShouldAllBe(state => state.IsLeft == (state.End == null));
            left.RemoveAll(id => states.Any(state => state.JobId == id && state.End is not null)).ShouldBeGreaterThan(0);
            ends.AddRange(states.Where(state => !state.IsLeft).Select(state => state.End!));
        }

        ends.Select(end => end.Data["Result"][0]).Order().ShouldBe("0123");
    }

    [Fact]
    public async Task Lists_have_the_newest_jobs_first_in_pages()
    {
        var ids = await Store.Actions.AddAsync([.. Enumerable.Range(0, 5).Select(_ => Enqueued())], default);
        await AddAsync(Scheduled(TimeSpan.FromHours(1)));

        var page = await Store.Reader.ListAsync(JobStates.Enqueued, 1, 3, default);

        page.Select(job => job.JobId).ShouldBe([ids[3], ids[2], ids[1]]);
        page.ShouldAllBe(job => job.State.Name == JobStates.Enqueued && job.State.Data["Queue"] == "default" && job.Invocation != null);
        (await Store.Reader.ListAsync(JobStates.Failed, 0, 10, default)).ShouldBeEmpty();
    }

    [Fact]
    public async Task An_empty_store_counts_zero_in_every_state()
    {
        var counts = await Store.Reader.CountAsync(default);

        counts.ByState.Keys.ShouldBe(JobStates.All, ignoreOrder: true);
        counts.ByState.Values.ShouldAllBe(n => n == 0);
        counts.Unfinished.ShouldBe(0);
        counts.Queues.ShouldBeEmpty();
        counts.Servers.ShouldBe(0);
    }

    [Fact]
    public async Task Counts_tell_states_queues_and_servers()
    {
        await Store.Actions.AddAsync([Enqueued(), Enqueued(), Enqueued("low"), Scheduled(TimeSpan.FromHours(1))], default);
        await StartAsync((await ClaimAsync(1))[0]);
        Store.Servers.Announce(Server(), TimeSpan.FromSeconds(30));

        var counts = await Store.Reader.CountAsync(default);

        counts.ByState[JobStates.Enqueued].ShouldBe(2);
        counts.ByState[JobStates.Scheduled].ShouldBe(1);
        counts.ByState[JobStates.Processing].ShouldBe(1);
        counts.Queues.ShouldBe(new Dictionary<string, long> { ["default"] = 1, ["low"] = 1 }, ignoreOrder: true);
        counts.Servers.ShouldBe(1);
        counts.Unfinished.ShouldBe(4);
    }

    [Fact]
    public async Task Log_lines_keep_their_order_and_are_read_on_from_the_last_one()
    {
        var id = await AddAsync(Enqueued());
        await Store.Notes.WriteAsync([.. Enumerable.Range(0, 5).Select(i => Line(id, $"line {i}"))], [], default);

        var first = await Store.Reader.ReadLogAsync(id, 0, 3, default);
        var rest = await Store.Reader.ReadLogAsync(id, first[^1].Id, 100, default);

        first.Concat(rest).Select(line => line.Message).ShouldBe(["line 0", "line 1", "line 2", "line 3", "line 4"]);
        first[0].JobId.ShouldBe(id);
        first[0].Level.ShouldBe(2);
    }

    [Fact]
    public async Task The_newest_progress_counts()
    {
        var id = await AddAsync(Enqueued());
        await Store.Notes.WriteAsync([], [new(id, 0.25, "reading", Now), new(id, 0.5, "writing", Now)], default);
        await Store.Notes.WriteAsync([], [new(id, 0.75, null, Now)], default);

        var progress = (await GetAsync(id)).Progress.ShouldNotBeNull();

        progress.Fraction.ShouldBe(0.75);
        progress.Message.ShouldBeNull();
    }

    [Fact]
    public async Task Notes_of_jobs_that_are_gone_are_passed_over()
    {
        var id = await AddAsync(Enqueued());

        await Store.Notes.WriteAsync([Line(987_654_321, "lost"), Line(id, "kept")], [new(987_654_321, 0.5, null, Now)], default);

        (await Store.Reader.ReadLogAsync(id, 0, 10, default)).ShouldHaveSingleItem().Message.ShouldBe("kept");
        (await Store.Reader.ReadLogAsync(987_654_321, 0, 10, default)).ShouldBeEmpty();
    }

    JobLogLine Line(long jobId, string message) => new(0, jobId, Now, 2, message);
}
