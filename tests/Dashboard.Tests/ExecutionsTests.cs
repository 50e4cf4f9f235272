using JobRunner.Dashboard.Tests.Support;
using JobRunner.Storage;

namespace JobRunner.Dashboard.Tests;

/// <summary>The page of the history of executions.</summary>
public sealed class ExecutionsTests : IAsyncLifetime
{
    const string Evil = "<script>alert(1)</script>";

    DashboardApp _app = null!;

    public async Task InitializeAsync() =>
        _app = await DashboardApp.StartAsync("/jobs", services: services => new JobRunnerBuilder(services, new()).UseInMemory(history: 1000));

    public async Task DisposeAsync() => await _app.DisposeAsync();

    [Fact]
    public async Task Without_a_history_no_page_leads_to_it()
    {
        await using var app = await DashboardApp.StartAsync();

        (await app.GetPageAsync("")).ShouldNotContain("/jobs/history");
        (await app.GetPageAsync("/history", 404)).ShouldContain("JobRunner:Postgres:History");
    }

    [Fact]
    public async Task It_shows_what_ended_and_adds_it_up_by_method()
    {
        var id = await EndAsync("Render", Given.SucceededWith(null));
        await EndAsync("Render", Given.FailedWith(new InvalidOperationException("The codec is not installed.\nNor another.")));

        var page = await _app.GetPageAsync("/history");

        page.ShouldContain("<title>History · JobRunner</title>");
        page.ShouldContain("aria-current=\"page\">History</a>");
        page.ShouldContain($"href=\"/jobs/{id}\"");
        page.ShouldContain("Acme.Media.VideoJobs.Render");
        page.ShouldContain("System.InvalidOperationException: The codec is not installed.");
        page.ShouldNotContain("Nor another");
        page.ShouldContain("class=\"num\">2</td>");
        page.ShouldContain("class=\"num bad\">1</td>");
    }

    [Fact]
    public async Task It_can_be_narrowed_to_a_day_a_method_and_an_end()
    {
        await EndAsync("Render", Given.SucceededWith(null));
        await EndAsync("Cut", Given.FailedWith(new InvalidOperationException("x")));

        (await RowsAsync("?method=Acme.Media.VideoJobs.Cut")).ShouldBe(1);
        (await RowsAsync("?end=Succeeded")).ShouldBe(1);
        (await RowsAsync("?end=Cancelled")).ShouldBe(0);
        (await RowsAsync("?day=2020-02-29")).ShouldBe(0);
        (await RowsAsync("?day=0001-01-01")).ShouldBe(2, "what makes no sense counts as not given");
        (await RowsAsync("?day=9999-12-31&end=77&after=-1-")).ShouldBe(2);
    }

    [Fact]
    public async Task Its_pages_follow_each_other()
    {
        for (var i = 0; i < 60; i++)
            await EndAsync("Render", Given.SucceededWith(null));
        var first = await _app.GetPageAsync("/history");
        var next = System.Text.RegularExpressions.Regex.Match(first, "href=\"/jobs(/history[^\"]*)\" rel=\"next\"").Groups[1].Value;

        Rows(first).ShouldBe(50);
        var second = await _app.GetPageAsync(System.Net.WebUtility.HtmlDecode(next));
        Rows(second).ShouldBe(10);
        second.ShouldNotContain("rel=\"next\"");
    }

    [Fact]
    public async Task Nothing_of_it_becomes_markup()
    {
        await EndAsync(Evil, JobState.Failed(Given.Now, new(Evil, Evil, Evil), Evil, Evil), Evil);

        foreach (var query in new[] { "", $"?method={Evil}" })
        {
            var page = await _app.GetPageAsync("/history" + query);
            page.ShouldNotContain("<script>alert");
            page.ShouldContain("&lt;script&gt;");
        }
    }

    async Task<long> EndAsync(string method, JobState end, string server = Given.Server)
    {
        var id = await _app.Given.AddAsync(JobState.Enqueued("default", Given.Now), Given.Call(method));
        var job = (await _app.Store.Queue.ClaimAsync(["default"], 1, default)).ShouldHaveSingleItem();
        (await _app.Store.Queue.ApplyAsync([new(id, job.StateId, job.StateName, [end], Claim: job.Claim)
        {
            Run = new(job.Invocation, job.Queue, server, job.StateId, 1, Given.Now, TimeSpan.FromSeconds(12), end.Name == JobStates.Failed ? EndReason.Exception : null),
        }], default))[0].ShouldNotBeNull();
        return id;
    }

    async Task<int> RowsAsync(string query) => Rows(await _app.GetPageAsync("/history" + query));

    static int Rows(string page) => page.Split("class=\"id\"").Length - 1;
}
