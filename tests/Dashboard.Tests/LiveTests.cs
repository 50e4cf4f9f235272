using System.Net.ServerSentEvents;
using JobRunner.Dashboard.Tests.Support;
using JobRunner.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace JobRunner.Dashboard.Tests;

public sealed class LiveTests
{
    [Fact]
    public async Task The_counts_arrive_at_once_and_again_when_they_change()
    {
        await using var app = await DashboardApp.StartAsync();
        await using var events = await Events.OpenAsync(app, "/events");

        (await events.NextAsync("counts")).Data.ShouldContain("\"Enqueued\":0");
        await app.Given.JobAsync(JobStates.Enqueued);

        var changed = await events.NextAsync("counts");
        changed.Data.ShouldContain("\"Enqueued\":1");
        changed.Data.ShouldContain("\"waiting\":1");
    }

    [Fact]
    public async Task A_job_tells_its_log_its_progress_and_its_states()
    {
        await using var app = await DashboardApp.StartAsync();
        var id = await app.Given.JobAsync(JobStates.Processing);
        await app.Given.LogAsync(id, "first");
        await using var events = await Events.OpenAsync(app, $"/{id}/events");
        (await events.NextAsync("log")).Data.ShouldContain("first");

        await app.Given.LogAsync(id, "second");
        await app.Given.ProgressAsync(id, 0.5, "half");
        var log = await events.NextAsync("log");
        log.Data.ShouldContain("second");
        log.Data.ShouldNotContain("first");
        (await events.NextAsync("progress")).Data.ShouldContain("\"percent\":\"50 %\"");

        await app.Store.Actions.DeleteAsync([id], null, default);
        await events.NextAsync("state");
    }

    [Fact]
    public async Task A_browser_that_comes_back_gets_only_what_it_missed()
    {
        await using var app = await DashboardApp.StartAsync();
        var id = await app.Given.JobAsync(JobStates.Processing);
        await app.Given.LogAsync(id, "first", "second");
        var lines = await app.Store.Reader.ReadLogAsync(id, 0, 10, default);

        await using var events = await Events.OpenAsync(app, $"/{id}/events?after=0", lines[0].Id.ToString());

        var log = await events.NextAsync("log");
        log.Data.ShouldNotContain("first");
        log.EventId.ShouldBe(lines[1].Id.ToString());
    }

    [Fact]
    public async Task Many_open_pages_share_one_reading_a_second_and_none_reads_when_all_are_closed()
    {
        var store = new CountingStore();
        await using var app = await DashboardApp.StartAsync("/jobs", services: s => s.AddSingleton<IJobStore>(store));
        var pages = new List<Events>();
        for (var i = 0; i < 20; i++)
            pages.Add(await Events.OpenAsync(app, "/events"));
        foreach (var page in pages)
            await page.NextAsync("counts");
        var before = store.Counts;
        await Task.Delay(TimeSpan.FromSeconds(3), TimeProvider.System);

        (store.Counts - before).ShouldBeInRange(1, 4);
        foreach (var page in pages)
            await page.DisposeAsync();
        (await IsQuietAsync(store)).ShouldBeTrue();
    }

    // The server may notice late that its visitors have gone, but then it must rest: not one reading in two and a half seconds.
    static async Task<bool> IsQuietAsync(CountingStore store)
    {
        for (var round = 0; round < 8; round++)
        {
            var before = store.Counts;
            await Task.Delay(TimeSpan.FromSeconds(2.5), TimeProvider.System);
            if (store.Counts == before)
                return true;
        }

        return false;
    }

    [Fact]
    public async Task A_store_that_does_not_answer_is_told_once_and_so_is_its_return()
    {
        var store = new CountingStore();
        await using var app = await DashboardApp.StartAsync("/jobs", services: s => s.AddSingleton<IJobStore>(store));
        await using var events = await Events.OpenAsync(app, "/events");
        await events.NextAsync("counts");

        store.IsDown = true;
        (await events.NextAsync("store")).Data.ShouldBe("down");
        await app.GetPageAsync("", 500);
        store.IsDown = false;

        (await events.NextAsync("store")).Data.ShouldBe("up");
    }

    [Fact]
    public async Task An_open_page_does_not_hold_up_the_end_of_the_application()
    {
        var app = await DashboardApp.StartAsync();
        await using var events = await Events.OpenAsync(app, "/events");
        await events.NextAsync("counts");
        var started = TimeProvider.System.GetTimestamp();

        await app.StopAsync();

        TimeProvider.System.GetElapsedTime(started).ShouldBeLessThan(TimeSpan.FromSeconds(5));
        await app.DisposeAsync();
    }

    [Fact]
    public async Task A_job_that_does_not_exist_has_no_events()
    {
        await using var app = await DashboardApp.StartAsync();

        await app.GetPageAsync("/4711/events", 404);
    }

    /// <summary>An open stream of events.</summary>
    sealed class Events(HttpResponseMessage response, IAsyncEnumerator<SseItem<string>> items) : IAsyncDisposable
    {
        public static async Task<Events> OpenAsync(DashboardApp app, string path, string? lastId = null)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, app.Prefix + path);
            if (lastId is not null)
                request.Headers.Add("Last-Event-ID", lastId);
            var response = await app.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            response.EnsureSuccessStatusCode();
            response.Content.Headers.ContentType!.MediaType.ShouldBe("text/event-stream");
            return new(response, SseParser.Create(await response.Content.ReadAsStreamAsync()).EnumerateAsync().GetAsyncEnumerator());
        }

        public async Task<SseItem<string>> NextAsync(string type)
        {
            do
                (await items.MoveNextAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(10))).ShouldBeTrue();
            while (items.Current.EventType != type);
            return items.Current;
        }

        public ValueTask DisposeAsync()
        {
            response.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
