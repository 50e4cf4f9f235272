using JobRunner.Dashboard.Tests.Support;

namespace JobRunner.Dashboard.Tests;

/// <summary>Whoever can enqueue a job decides what its page shows; nothing of it may be more than text.</summary>
public sealed class HostileDataTests : IAsyncLifetime
{
    const string Evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>\u202e\0";

    DashboardApp _app = null!;

    public async Task InitializeAsync() => _app = await DashboardApp.StartAsync();

    public async Task DisposeAsync() => await _app.DisposeAsync();

    [Fact]
    public async Task Nothing_of_a_job_becomes_markup()
    {
        var call = new Invocation(Evil, Evil, [Evil, "System.String"], [Evil, $"\"{Evil}\"", null]);
        var waiting = await _app.Given.AddAsync(JobState.Enqueued("default", Given.Now, Evil), call);
        var failed = await _app.Given.RunAsync(call, default, JobState.Failed(Given.Now, new(Evil, Evil, Evil), Evil, Evil));
        var succeeded = await _app.Given.RunAsync(call, default, Given.SucceededWith(Evil));
        await _app.Given.LogAsync(failed, Evil);
        await _app.Given.ProgressAsync(failed, double.NaN, Evil);
        _app.Given.Announce(Evil, Evil);

        foreach (var path in new[] { "", "/enqueued", "/failed", "/succeeded", $"/{waiting}", $"/{failed}", $"/{succeeded}" })
        {
            var page = await _app.GetPageAsync(path);
            page.ShouldNotContain("<script>alert");
            page.ShouldNotContain("<img src=x");
            page.ShouldContain("&lt;script&gt;");
        }
    }

    [Theory]
    [InlineData("data:image/png;base64,AAAA\\u0022 onerror=\\u0022alert(1)")]
    [InlineData("data:image/svg+xml;base64,AAAA")]
    [InlineData("javascript:alert(1)")]
    public async Task Only_a_clean_picture_becomes_one(string result)
    {
        var id = await _app.Given.RunAsync(null, default, Given.SucceededWith($"\"{result}\""));

        (await _app.GetPageAsync($"/{id}")).ShouldNotContain("<figure");
    }

    [Fact]
    public async Task A_huge_result_is_cut()
    {
        var id = await _app.Given.RunAsync(null, default, Given.SucceededWith("[" + new string('[', 3_000_000)));

        (await _app.GetPageAsync($"/{id}")).Length.ShouldBeLessThan(100_000);
    }

    [Fact]
    public async Task A_path_that_names_markup_is_text_too()
    {
        var page = await _app.GetPageAsync("/%3Cscript%3Ealert(1)%3C%2Fscript%3E", 404);

        page.ShouldNotContain("<script>alert");
    }
}
