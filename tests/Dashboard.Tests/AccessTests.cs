using System.Net;
using JobRunner.Dashboard.Tests.Support;
using Microsoft.AspNetCore.Builder;

namespace JobRunner.Dashboard.Tests;

public sealed class AccessTests
{
    [Fact]
    public async Task Another_machine_is_refused_and_told_what_to_set()
    {
        await using var app = await DashboardApp.StartAsync("/jobs", pipeline: From("203.0.113.7"));

        foreach (var path in new[] { "", "/failed", "/1", "/events", "/1/events", "/assets/jobs.css", "/nothing/here" })
            (await app.GetPageAsync(path, 403)).ShouldContain("DashboardOptions.Authorize");
    }

    [Theory]
    [InlineData("X-Forwarded-For", "127.0.0.1")]
    [InlineData("X-Forwarded-For", "203.0.113.7")]
    [InlineData("Forwarded", "for=127.0.0.1")]
    [InlineData("X-Real-IP", "127.0.0.1")]
    public async Task A_request_that_came_through_a_proxy_is_not_local(string header, string value)
    {
        await using var app = await DashboardApp.StartAsync();
        app.Http.DefaultRequestHeaders.Add(header, value);

        await app.GetPageAsync("", 403);
    }

    [Fact]
    public async Task A_forged_header_does_not_make_another_machine_local()
    {
        await using var app = await DashboardApp.StartAsync("/jobs", pipeline: From("203.0.113.7"));
        app.Http.DefaultRequestHeaders.Add("X-Forwarded-For", "127.0.0.1");

        await app.GetPageAsync("", 403);
    }

    [Fact]
    public async Task A_site_that_names_itself_into_this_machine_is_refused()
    {
        await using var app = await DashboardApp.StartAsync();
        app.Http.DefaultRequestHeaders.Host = "rebound.example";

        await app.GetPageAsync("", 403);
    }

    [Fact]
    public async Task A_rule_of_ones_own_opens_it()
    {
        await using var app = await DashboardApp.StartAsync("/jobs", o => o.Authorize = context => context.Request.Query["key"] == "open",
            From("203.0.113.7"));

        await app.GetPageAsync("?key=open");
        await app.GetPageAsync("?key=shut", 403);
    }

    [Theory]
    [InlineData("")]
    [InlineData("/assets/jobs.js")]
    [InlineData("/nothing/here")]
    public async Task Every_answer_carries_the_security_headers(string path)
    {
        await using var app = await DashboardApp.StartAsync();

        using var response = await app.Http.GetAsync("/jobs" + path);

        var policy = response.Headers.GetValues("Content-Security-Policy").Single();
        policy.ShouldNotContain("unsafe");
        policy.ShouldContain("frame-ancestors 'none'");
        response.Headers.GetValues("X-Content-Type-Options").ShouldBe(["nosniff"]);
        response.Headers.GetValues("Referrer-Policy").ShouldBe(["same-origin"]);
    }

    [Fact]
    public async Task Script_and_style_are_kept_by_browsers_until_they_change()
    {
        await using var app = await DashboardApp.StartAsync();
        var page = await app.GetPageAsync("");
        var address = page.Split('"').Single(part => part.Contains("/assets/jobs.js", StringComparison.Ordinal));

        using var first = await app.Http.GetAsync(address);
        using var again = new HttpRequestMessage(HttpMethod.Get, "/jobs/assets/jobs.js");
        again.Headers.IfNoneMatch.Add(first.Headers.ETag!);
        using var second = await app.Http.SendAsync(again);

        first.Headers.CacheControl!.ToString().ShouldContain("immutable");
        second.StatusCode.ShouldBe(HttpStatusCode.NotModified);
    }

    [Theory]
    [InlineData("/admin/background", "", "/admin/background")]
    [InlineData("/jobs/", "/app", "/app/jobs")]
    [InlineData("", "", "")]
    public async Task It_works_wherever_it_is_mounted(string prefix, string pathBase, string root)
    {
        await using var app = await DashboardApp.StartAsync(prefix, pipeline: a => a.UsePathBase(pathBase));
        var id = await app.Given.JobAsync(JobStates.Failed);
        var page = await app.Http.GetStringAsync(root + "/failed");

        page.ShouldContain($"href=\"{root}/{id}\"");
        (await app.Http.GetStringAsync($"{root}/{id}")).ShouldContain($"action=\"{root}/{id}/requeue\"");
        (await app.Http.GetStringAsync(root + "/")).ShouldContain($"data-events=\"{root}/events\"");
    }

    [Fact]
    public async Task Mapping_without_registering_names_the_missing_call()
    {
        await using var app = WebApplication.CreateSlimBuilder().Build();

        Should.Throw<InvalidOperationException>(() => app.MapJobRunnerDashboard()).Message.ShouldContain("AddJobRunnerDashboard()");
    }

    static Action<WebApplication> From(string address) => app => app.Use((context, next) =>
    {
        context.Connection.RemoteIpAddress = IPAddress.Parse(address);
        return next(context);
    });
}
