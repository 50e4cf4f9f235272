using JobRunner.Storage;
using System.Globalization;
using JobRunner.Dashboard.Tests.Support;

namespace JobRunner.Dashboard.Tests;

public sealed class PagesTests : IAsyncLifetime
{
    DashboardApp _app = null!;

    public static TheoryData<string> States => [.. JobStates.All];

    public async Task InitializeAsync() => _app = await DashboardApp.StartAsync();

    public async Task DisposeAsync() => await _app.DisposeAsync();

    [Theory, MemberData(nameof(States))]
    public async Task A_list_shows_the_jobs_in_its_state(string state)
    {
        var id = await _app.Given.JobAsync(state);

        var page = await _app.GetPageAsync("/" + state.ToLowerInvariant());

        page.ShouldContain($"href=\"/jobs/{id}\"");
        page.ShouldContain("VideoJobs.Render");
        page.ShouldContain($"<title>{state} · JobRunner</title>");
    }

    [Theory, MemberData(nameof(States))]
    public async Task A_job_in_any_state_has_a_page(string state)
    {
        var id = await _app.Given.JobAsync(state);

        var page = await _app.GetPageAsync($"/{id}");

        page.ShouldContain("VideoJobs.Render");
        page.ShouldContain($">{state}</span>");
        page.ShouldContain("CurrentCulture");
        page.ShouldContain("name=\"__RequestVerificationToken\"");
    }

    [Fact]
    public async Task The_overview_counts_the_jobs_and_names_the_servers()
    {
        foreach (var state in JobStates.All)
            await _app.Given.JobAsync(state);
        _app.Given.Announce();

        var page = await _app.GetPageAsync("");

        foreach (var state in JobStates.All)
            page.ShouldContain($"data-count=\"{state}\">1<");
        page.ShouldContain("jobrunner@build-7:4242");
        page.ShouldContain("The codec is not installed.");
    }

    [Fact]
    public async Task The_overview_tells_what_sandboxes_do_and_what_bounds_them()
    {
        _app.Given.Announce();
        (await _app.GetPageAsync("")).ShouldNotContain("busy");
        _app.Store.Servers.Announce(
            new("jobrunner@build-8:1:2", ["default"], 4, Given.Now, Given.Now) { Sandboxes = new("memory: 512 MB; strict: <no>", 3, 1, 8) }, TimeSpan.FromSeconds(30));

        var page = await _app.GetPageAsync("");

        page.ShouldContain("3 busy, 1 idle of 8");
        page.ShouldContain("memory: 512 MB; strict: &lt;no&gt;");
    }

    [Fact]
    public async Task The_overview_tells_what_was_taken_back_and_what_the_store_refuses()
    {
        await _app.Given.JobAsync(JobStates.Enqueued);
        _app.Store.Servers.Announce(new("jobrunner@build-9:1:2", ["default"], 4, Given.Now, Given.Now) { Unwritten = 2 }, TimeSpan.FromSeconds(30));
        await _app.Store.Queue.ClaimAsync(["default"], 1, default);
        (await _app.Store.Maintenance.RescueAsync(-TimeSpan.FromDays(1), null, default)).ShouldBe(1);

        var page = await _app.GetPageAsync("");

        page.ShouldContain("Taken back from workers that died: 1 so far.");
        page.ShouldContain("the store refuses 2 outcomes");
    }

    [Fact]
    public async Task Empty_pages_say_that_nothing_is_there()
    {
        (await _app.GetPageAsync("")).ShouldContain("No worker runs.");
        (await _app.GetPageAsync("/failed")).ShouldContain("No jobs are here.");
    }

    [Fact]
    public async Task A_long_list_has_pages()
    {
        for (var i = 0; i < 120; i++)
            await _app.Given.JobAsync(JobStates.Enqueued);

        (await _app.GetPageAsync("/enqueued")).ShouldContain("href=\"/jobs/enqueued?page=2\"");
        var last = await _app.GetPageAsync("/enqueued?page=3");

        last.ShouldContain("101&#x2013;120");
        last.ShouldContain("href=\"/jobs/1\"");
        last.ShouldNotContain("page=4");
    }

    [Fact]
    public async Task What_does_not_exist_is_said_to_be_missing()
    {
        (await _app.GetPageAsync("/4711", 404)).ShouldContain("There is no job #4711");
        (await _app.GetPageAsync("/nonsense", 404)).ShouldContain("is not a state of jobs");
        (await _app.GetPageAsync("/failed/more/still", 404)).ShouldContain("href=\"/jobs/processing\"");
    }

    [Fact]
    public async Task The_field_at_the_top_leads_to_a_job()
    {
        using var response = await _app.Http.GetAsync("/jobs?job=%2317");

        response.Headers.Location!.ToString().ShouldBe("/jobs/17");
    }

    [Fact]
    public async Task A_picture_is_shown_as_one()
    {
        const string Png = "data:image/png;base64,iVBORw0KGgo=";
        var asUri = await _app.Given.RunAsync(null, default, Given.SucceededWith($"\"{Png}\""));
        var asObject = await _app.Given.RunAsync(null, default,
            Given.SucceededWith("{\"ContentType\":\"image/png\",\"Data\":\"iVBORw0KGgo=\"}"));

        (await _app.GetPageAsync($"/{asUri}")).ShouldContain($"<img src=\"{Png}\"");
        (await _app.GetPageAsync($"/{asObject}")).ShouldContain($"<img src=\"{Png}\"");
    }

    [Fact]
    public async Task The_history_tells_every_attempt()
    {
        var exception = new TimeoutException("The mail server is slow.");
        var id = await _app.Given.RunAsync(null, TimeSpan.FromMinutes(4), Given.FailedWith(exception, TimeSpan.FromMinutes(3)),
            JobState.Scheduled(Given.Now.AddSeconds(30), Given.Now.AddMinutes(-3), "Retry attempt 1 of 10: The mail server is slow."));

        var page = await _app.GetPageAsync($"/{id}");

        page.ShouldContain("Retry attempt 1 of 10");
        page.ShouldContain("System.TimeoutException");
        page.ShouldContain("waited 1 min 8 s");
        page.ShouldContain("ran 1 min 12 s");
    }

    [Fact]
    public async Task The_log_and_the_progress_are_on_the_page()
    {
        var id = await _app.Given.JobAsync(JobStates.Processing);
        await _app.Given.LogAsync(id, "Opened intro.mov", "Frame 1 of 1440");
        await _app.Given.ProgressAsync(id, 0.426, "Encoding");

        var page = await _app.GetPageAsync(string.Create(CultureInfo.InvariantCulture, $"/{id}"));

        page.ShouldContain("Frame 1 of 1440");
        page.ShouldContain("value=\"0.426\"");
        page.ShouldContain(">42 %<");
    }
}
