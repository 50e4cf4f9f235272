using System.Text;
using JobRunner;

namespace QuickStart.Demo;

/// <summary>The pages that the demo fetches, and a front page with a button for the demo.</summary>
static class DemoPages
{
    public static void MapDemo(this WebApplication app)
    {
        app.MapGet("/pages/{n:int}", ServeAsync);
        app.MapGet("/", () => Results.Content(FrontPage, "text/html; charset=utf-8"));
        app.MapPost("/demo", async (HttpRequest request, IJobClient client, CancellationToken cancellationToken) =>
        {
            // Forms of other sites carry their own origin: only this page's button may start the demo.
            var own = $"{request.Scheme}://{request.Host}";
            if (request.Headers.Origin.ToString() != own)
                return Results.BadRequest("Press the button on the front page.");
            await new DemoRun(client, own).EnqueueAsync(cancellationToken);
            return Results.Redirect("/jobs");
        });
    }

    // A page that takes its time, as pages do: 100 to 800 ms, always the same for the same number.
    static async Task<IResult> ServeAsync(int n, CancellationToken cancellationToken)
    {
        var latency = 100 + (n * 7919 % 701);
        await Task.Delay(TimeSpan.FromMilliseconds(latency), TimeProvider.System, cancellationToken);
        var text = new StringBuilder($"<!doctype html><title>Page {n}</title><h1>Page {n}</h1>");
        for (var line = 0; line < n % 40; line++)
            text.Append("<p>Line ").Append(line).Append(" of a page that took ").Append(latency).Append(" ms.</p>");
        return Results.Content(text.ToString(), "text/html; charset=utf-8");
    }

    const string FrontPage = """
        <!doctype html>
        <html lang="en">
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>JobRunner QuickStart</title>
        <link rel="icon" href="data:,">
        <body style="font: 16px/1.5 system-ui; max-width: 36rem; margin: 4rem auto; padding: 0 1rem">
        <h1>JobRunner QuickStart</h1>
        <p>A worker, its dashboard and some demo jobs, all in this one process.</p>
        <form method="post" action="/demo"><button style="font: inherit; padding: .4rem 1rem">Run the demo</button></form>
        <p>500 page fetches, pictures, primes, a job for later, one that fails twice, and three that misbehave.
        Then look at <a href="/jobs">the dashboard</a>.</p>
        """;
}
