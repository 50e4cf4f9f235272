using Shouldly;
using Xunit;

namespace JobRunner.TestSupport;

public abstract partial class JobStoreConformance
{
    [Fact]
    public async Task Ids_come_back_in_the_given_order()
    {
        var jobs = Enumerable.Range(0, 50).Select(i => Enqueued() with { Invocation = Call(null, $"\"{i}\"") }).ToArray();

        var ids = await Store.Actions.AddAsync(jobs, default);

        ids.Count.ShouldBe(50);
        ids.Distinct().Count().ShouldBe(50);
        for (var i = 0; i < ids.Count; i++)
            (await GetAsync(ids[i])).Invocation!.Arguments.ShouldBe([$"\"{i}\""]);
    }

    [Fact]
    public async Task Adding_nothing_adds_nothing() => (await Store.Actions.AddAsync([], default)).ShouldBeEmpty();

    [Fact]
    public async Task An_added_job_is_read_as_it_was_given()
    {
        var job = new Storage.NewJob(Call("critical", "\"Zoë \\\"Q\\\"\"", null), JobState.Enqueued("default", Now, "because"),
            new Dictionary<string, string?> { ["CurrentCulture"] = "\"en-US\"", ["Nothing"] = null });

        var details = await GetAsync(await AddAsync(job));

        details.Invocation.ShouldNotBeNull().Arguments.ShouldBe(["\"Zoë \\\"Q\\\"\"", null]);
        details.Invocation.Queue.ShouldBe("critical");
        details.Parameters.OrderBy(p => p.Key, StringComparer.Ordinal).ShouldBe(job.Parameters.OrderBy(p => p.Key, StringComparer.Ordinal));
        details.State.ShouldNotBeNull().Reason.ShouldBe("because");
        details.State.Data.OrderBy(p => p.Key, StringComparer.Ordinal).ShouldBe(job.State.Data.OrderBy(p => p.Key, StringComparer.Ordinal));
        details.ExpireAt.ShouldBeNull();
        details.Queue.ShouldBe("critical");
        (details.CreatedAt - job.State.CreatedAt).Duration().ShouldBeLessThan(TimeSpan.FromMilliseconds(1));
    }

    [Theory]
    [InlineData("default", null, "default")]
    [InlineData("default", "critical", "critical")]
    [InlineData("low", null, "low")]
    [InlineData("low", "critical", "low")]
    public async Task The_queue_of_the_state_wins_unless_it_is_the_default(string stateQueue, string? ownQueue, string expected)
    {
        await AddAsync(Enqueued(stateQueue, ownQueue));

        (await ClaimAsync(10, "default", "low", "critical")).ShouldHaveSingleItem().Queue.ShouldBe(expected);
    }

    [Fact]
    public async Task A_scheduled_job_waits_in_no_queue()
    {
        var id = await AddAsync(Scheduled(TimeSpan.FromHours(1)));

        (await ClaimAsync()).ShouldBeEmpty();
        (await GetAsync(id)).Queue.ShouldBeNull();
        (await CountAsync(JobStates.Scheduled)).ShouldBe(1);
    }
}
