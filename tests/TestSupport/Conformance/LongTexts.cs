using JobRunner.Storage;
using Shouldly;
using Xunit;

namespace JobRunner.TestSupport;

public abstract partial class JobStoreConformance
{
    [Fact]
    public async Task A_claim_ends_with_the_job_that_has_as_many_bytes_as_were_asked_for_however_well_they_compress()
    {
        var ids = await Store.Actions.AddAsync([Long('x'), Long('y'), Long('z'), Enqueued()], default);

        var first = await ClaimBytesAsync(1_500_000);
        first.Jobs.Select(job => job.JobId).ShouldBe([ids[0], ids[1]]);
        first.IsComplete.ShouldBeFalse();
        (await ClaimBytesAsync(1)).Jobs.ShouldHaveSingleItem().JobId.ShouldBe(ids[2]);
        (await ClaimBytesAsync(1)).Jobs.ShouldHaveSingleItem().JobId.ShouldBe(ids[3]);

        Task<ClaimResult> ClaimBytesAsync(long bytes) => Store.Queue.ClaimAsync(new([new("default", 10)], 10) { Bytes = bytes }, default);
    }

    [Fact]
    public async Task Lists_do_not_bring_long_arguments_and_say_how_many_bytes_there_are()
    {
        await AddAsync(Long('x'));

        var call = (await Store.Reader.ListAsync(JobStates.Enqueued, 0, 10, default)).ShouldHaveSingleItem().Invocation.ShouldNotBeNull();

        call.Method.ShouldBe("Echo");
        call.Arguments.ShouldHaveSingleItem().ShouldNotBeNull().ShouldMatch("^… about [0-9,]+ bytes$");
    }

    [Fact]
    public async Task Lists_cut_what_is_long_in_a_state()
    {
        var job = await StartAsync(await AddAndClaimAsync());
        await ApplyAsync(By(job, JobState.Failed(Now, new("System.Exception", new('m', 20_000), new('d', 200_000)), null)));

        var state = (await Store.Reader.ListAsync(JobStates.Failed, 0, 10, default)).ShouldHaveSingleItem().State;

        state.Data["ExceptionType"].ShouldBe("System.Exception");
        CutText.Read(state.Data["ExceptionMessage"]).ShouldBe((new string('m', IJobReader.ListedText), 20_000L));
        CutText.Read(state.Data["ExceptionDetails"]).ShouldBe((new string('d', IJobReader.ListedText), 200_000L));
    }

    [Fact]
    public async Task A_job_is_read_whole_or_with_its_long_texts_cut()
    {
        var result = $"\"{new string('r', 5000)}\"";
        var job = await AddAndClaimAsync(Enqueued() with { Invocation = Call(null, $"\"{new string('a', 3000)}\"", null, "\"short ü\"") });
        await ApplyAsync(By(job, Processing(), Succeeded(result)) with { Parameters = new Dictionary<string, string?> { ["Own"] = new('p', 4000) } });

        var cut = (await Store.Reader.GetAsync(job.JobId, 100, default)).ShouldNotBeNull();
        cut.Invocation!.Arguments[0].ShouldBe($"\"{new string('a', 99)}\n… 3002 characters in all");
        cut.Invocation.Arguments.Skip(1).ShouldBe([null, "\"short ü\""]);
        CutText.Read(cut.State!.Data["Result"]).ShouldBe((result[..100], 5002L));
        CutText.Read(cut.Parameters["Own"]).ShouldBe((new string('p', 100), 4000L));
        cut.History.Select(state => state.Name).ShouldBe([JobStates.Succeeded, JobStates.Processing, JobStates.Enqueued]);
        var whole = await GetAsync(job.JobId);
        whole.Invocation!.Arguments[0]!.Length.ShouldBe(3002);
        whole.State!.Data["Result"].ShouldBe(result);
        whole.Parameters["Own"]!.Length.ShouldBe(4000);
    }

    [Fact]
    public async Task Where_a_job_is_can_be_told_without_reading_it()
    {
        var job = await StartAsync(await AddAndClaimAsync());
        await Store.Notes.WriteAsync([], [new(job.JobId, 0.5, "half", Now)], default);

        var glance = (await Store.Reader.GlanceAsync(job.JobId, default)).ShouldNotBeNull();

        (glance.State, glance.States, glance.Progress!.Fraction).ShouldBe((JobStates.Processing, 2, 0.5));
        glance.Since.ShouldBe((await GetAsync(job.JobId)).State!.CreatedAt);
        (await Store.Reader.GlanceAsync(987_654_321, default)).ShouldBeNull();
    }

    [Fact(Timeout = Limit)]
    public async Task Long_jobs_that_are_added_together_are_made_as_they_are_needed_and_all_or_none_are_added()
    {
        var made = 0;
        var broken = Enumerable.Range(0, 1).Select(NewJob (_) => throw new InvalidOperationException("The thirteenth cannot be made."));
        var ids = await Store.Actions.AddAsync(Make(12), default);

        ids.Count.ShouldBe(12);
        ids.ShouldBe(ids.Order());
        made = 0;
        await Should.ThrowAsync<InvalidOperationException>(async () => await Store.Actions.AddAsync(Make(12).Concat(broken), default));
        made.ShouldBe(12);
        (await CountAsync(JobStates.Enqueued)).ShouldBe(12);

        IEnumerable<NewJob> Make(int count) => Enumerable.Range(0, count).Select(_ =>
        {
            made++;
            return Long('x');
        });
    }

    NewJob Long(char character) => Enqueued() with { Invocation = Call(null, $"\"{new string(character, 1_000_000)}\"") };
}
