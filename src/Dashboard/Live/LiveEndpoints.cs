using System.Globalization;
using System.Net.ServerSentEvents;
using JobRunner.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace JobRunner.Dashboard.Live;

/// <summary>The streams of server-sent events, one for each open page.</summary>
static class LiveEndpoints
{
    public static void MapLive(this IEndpointRouteBuilder pages)
    {
        pages.MapGet("/events", CountsEvents).AtDepth(1);
        pages.MapGet("/{id:long}/events", JobEvents).AtDepth(2);
    }

    static ServerSentEventsResult<string> CountsEvents(HttpResponse response, LiveStream stream, CancellationToken cancellationToken) =>
        Stream(response, stream.CountsAsync(cancellationToken));

    // A browser that lost the connection comes back with the same address and the id of the last event it got; it gives up
    // when there is no such job any more.
    static async Task<IResult> JobEvents(
        long id, string? state, long? after, HttpRequest request, IJobReader reader, LiveStream stream, CancellationToken cancellationToken)
    {
        if (await reader.GetAsync(id, cancellationToken) is null)
            return TypedResults.NotFound();
        var isReturning = long.TryParse(request.Headers["Last-Event-ID"], NumberStyles.None, CultureInfo.InvariantCulture, out var last);
        var seen = new JobSeen(state ?? "", isReturning ? last : after ?? 0);
        return Stream(request.HttpContext.Response, stream.JobAsync(id, seen, cancellationToken));
    }

    static ServerSentEventsResult<string> Stream(HttpResponse response, IAsyncEnumerable<SseItem<string>> events)
    {
        response.Headers["X-Accel-Buffering"] = "no"; // Else nginx keeps the events until it has a bufferful.
        return TypedResults.ServerSentEvents(events);
    }
}
