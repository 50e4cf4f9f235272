using JobRunner.Dashboard.Tests.Support;
using JobRunner.TestSupport.Browser;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace JobRunner.Dashboard.Tests;

/// <summary>What a person does with the pages, in a real browser.</summary>
public sealed class BrowserTests(BrowserFixture browser) : IClassFixture<BrowserFixture>
{
    [Fact]
    public async Task A_person_finds_a_failed_job_and_requeues_it()
    {
        await using var app = await DashboardApp.StartAsync();
        var id = await app.Given.JobAsync(JobStates.Failed);
        await using var opened = await browser.OpenAsync(app.Address);
        var page = opened.Page;

        await page.GotoAsync("/jobs");
        await page.GetByRole(AriaRole.Link, new() { Name = $"#{id}" }).ClickAsync();
        await Expect(page.GetByText("The codec is not installed.").First).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Requeue" }).ClickAsync();

        await Expect(page.GetByRole(AriaRole.Status)).ToContainTextAsync("was put back into its queue");
        await Expect(page.Locator("h1 .badge")).ToHaveTextAsync("Enqueued");
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Requeue" })).ToBeDisabledAsync();
    }

    [Fact]
    public async Task Deleting_asks_first()
    {
        await using var app = await DashboardApp.StartAsync();
        var id = await app.Given.JobAsync(JobStates.Enqueued);
        await using var opened = await browser.OpenAsync(app.Address);
        var page = opened.Page;
        await page.GotoAsync($"/jobs/{id}");

        await page.GetByRole(AriaRole.Button, new() { Name = "Delete…" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Keep it" }).ClickAsync();
        await Expect(page.Locator("h1 .badge")).ToHaveTextAsync("Enqueued");
        await page.GetByRole(AriaRole.Button, new() { Name = "Delete…" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Delete", Exact = true }).ClickAsync();

        await Expect(page.Locator("h1 .badge")).ToHaveTextAsync("Deleted");
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Delete…" })).ToBeDisabledAsync();
    }

    [Fact]
    public async Task A_running_job_is_watched_live()
    {
        await using var app = await DashboardApp.StartAsync();
        var id = await app.Given.JobAsync(JobStates.Processing);
        await app.Given.LogAsync(id, "Opened intro.mov");
        await using var opened = await browser.OpenAsync(app.Address);
        var page = opened.Page;
        await page.GotoAsync($"/jobs/{id}");
        await Expect(page.Locator("#live")).ToHaveTextAsync("Live");

        await app.Given.LogAsync(id, "Frame 17 <b>done</b>");
        await app.Given.ProgressAsync(id, 0.25, "Encoding");
        await Expect(page.Locator("#log li").Last).ToContainTextAsync("Frame 17 <b>done</b>");
        await Expect(page.Locator("#percent")).ToHaveTextAsync("25 %");
        await app.Given.ProgressAsync(id, 0.75, "Encoding");
        await Expect(page.Locator("#percent")).ToHaveTextAsync("75 %");

        await app.Store.Actions.DeleteAsync([id], StateReasons.FromDashboard, default);
        await Expect(page.Locator("h1 .badge")).ToHaveTextAsync("Deleted");
        await Expect(page.Locator("#log li")).ToHaveCountAsync(2);
    }

    [Fact]
    public async Task Lists_and_numbers_follow_the_store()
    {
        await using var app = await DashboardApp.StartAsync();
        await using var opened = await browser.OpenAsync(app.Address);
        var page = opened.Page;
        await page.GotoAsync("/jobs/enqueued");
        await Expect(page.GetByText("No jobs are here.")).ToBeVisibleAsync();

        var id = await app.Given.JobAsync(JobStates.Enqueued);

        await Expect(page.GetByRole(AriaRole.Link, new() { Name = $"#{id}" })).ToBeVisibleAsync();
        await Expect(page.Locator("nav [data-count=Enqueued]")).ToHaveTextAsync("1");
    }

    [Fact]
    public async Task The_pages_rest_while_paused()
    {
        await using var app = await DashboardApp.StartAsync();
        await using var opened = await browser.OpenAsync(app.Address);
        var page = opened.Page;
        await page.GotoAsync("/jobs");
        var button = page.Locator("#live");
        await Expect(button).ToHaveTextAsync("Live");

        await button.ClickAsync();
        await Expect(button).ToHaveTextAsync("Paused");
        await app.Given.JobAsync(JobStates.Enqueued);
        await page.WaitForTimeoutAsync(2500);
        await Expect(page.Locator("nav [data-count=Enqueued]")).ToHaveTextAsync("0");

        await button.ClickAsync();
        await Expect(page.Locator("nav [data-count=Enqueued]")).ToHaveTextAsync("1");
    }

    [Fact]
    public async Task A_script_that_slipped_into_a_page_would_not_run()
    {
        await using var app = await DashboardApp.StartAsync();
        await using var opened = await browser.OpenAsync(app.Address);
        var page = opened.Page;
        await page.GotoAsync("/jobs");

        await page.EvaluateAsync("document.body.append(Object.assign(document.createElement('script'), { textContent: 'window.evil = 1' }))");

        (await page.EvaluateAsync<bool>("'evil' in window")).ShouldBeFalse();
        opened.Problems.ShouldContain(problem => problem.Contains("Content Security Policy"));
        opened.Forget("Content Security Policy");
    }

    [Fact]
    public async Task Every_page_works_without_script()
    {
        await using var app = await DashboardApp.StartAsync();
        var id = await app.Given.JobAsync(JobStates.Failed);
        await using var opened = await browser.OpenAsync(app.Address, new() { JavaScriptEnabled = false });
        var page = opened.Page;

        await page.GotoAsync("/jobs/failed");
        await page.GetByRole(AriaRole.Link, new() { Name = $"#{id}" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Requeue" }).ClickAsync();

        await Expect(page.Locator("h1 .badge")).ToHaveTextAsync("Enqueued");
    }
}
