using System.Net;
using System.Text.RegularExpressions;
using JobRunner.Dashboard.Tests.Support;

namespace JobRunner.Dashboard.Tests;

public sealed partial class ActionsTests : IAsyncLifetime
{
    DashboardApp _app = null!;

    public async Task InitializeAsync() => _app = await DashboardApp.StartAsync();

    public async Task DisposeAsync() => await _app.DisposeAsync();

    [Theory]
    [InlineData("requeue", JobStates.Enqueued, "was put back into its queue")]
    [InlineData("delete", JobStates.Deleted, "was deleted")]
    public async Task A_button_changes_the_job_and_says_so(string action, string state, string told)
    {
        var id = await _app.Given.JobAsync(JobStates.Failed);

        using var response = await PostAsync(id, action);

        response.StatusCode.ShouldBe(HttpStatusCode.Found);
        (await _app.Http.GetStringAsync(response.Headers.Location)).ShouldContain(told);
        var job = await _app.Store.Reader.GetAsync(id, default);
        job!.State!.Name.ShouldBe(state);
        job.State.Reason.ShouldBe(StateReasons.FromDashboard);
    }

    [Fact]
    public async Task A_job_that_is_deleted_already_is_left_alone()
    {
        var id = await _app.Given.JobAsync(JobStates.Deleted);

        using var response = await PostAsync(id, "delete");

        response.Headers.Location!.ToString().ShouldEndWith("?done=nothing");
    }

    [Theory]
    [InlineData("requeue")]
    [InlineData("delete")]
    public async Task Without_a_token_nothing_is_changed(string action)
    {
        var id = await _app.Given.JobAsync(JobStates.Failed);

        using var bare = await _app.Http.PostAsync($"/jobs/{id}/{action}", null);
        using var wrong = await _app.Http.PostAsync($"/jobs/{id}/{action}", new FormUrlEncodedContent([new("__RequestVerificationToken", "made-up")]));

        bare.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        wrong.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await bare.Content.ReadAsStringAsync()).ShouldContain("antiforgery");
        (await _app.Store.Reader.GetAsync(id, default))!.State!.Name.ShouldBe(JobStates.Failed);
    }

    [Fact]
    public async Task A_link_cannot_change_anything()
    {
        var id = await _app.Given.JobAsync(JobStates.Failed);

        using var response = await _app.Http.GetAsync($"/jobs/{id}/requeue");

        response.IsSuccessStatusCode.ShouldBeFalse();
        (await _app.Store.Reader.GetAsync(id, default))!.State!.Name.ShouldBe(JobStates.Failed);
    }

    async Task<HttpResponseMessage> PostAsync(long id, string action)
    {
        var token = Token().Match(await _app.GetPageAsync($"/{id}")).Groups[1].Value;
        return await _app.Http.PostAsync($"/jobs/{id}/{action}", new FormUrlEncodedContent([new("__RequestVerificationToken", token)]));
    }

    [GeneratedRegex("name=\"__RequestVerificationToken\" value=\"([^\"]+)\"")]
    private static partial Regex Token();
}
