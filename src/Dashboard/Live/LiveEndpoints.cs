using System.Globalization;
using JobRunner.Storage;

namespace JobRunner.Dashboard.Live;

/// <summary>The streams of server-sent events, one for each open page.</summary>
static class LiveEndpoints
{
    public static void MapLive(this IEndpointRouteBuilder pages)
    {
        pages.MapGet("/events", (LiveStream stream, CancellationToken cancellationToken) =>
            TypedResults.ServerSentEvents(stream.CountsAsync(cancellationToken))).AtDepth(1);
        pages.MapGet("/{id:long}/events", JobEvents).AtDepth(2);
    }

    // A browser that lost the connection comes back with the same address and the id of the last event it got; it gives up
    // when there is no such job any more.
    static async Task<IResult> JobEvents(
        long id, string? state, long? after, HttpRequest request, IJobStore store, LiveStream stream, CancellationToken cancellationToken)
    {
        if (await store.GetAsync(id, cancellationToken) is null)
            return TypedResults.NotFound();
        var isReturning = long.TryParse(request.Headers["Last-Event-ID"], NumberStyles.None, CultureInfo.InvariantCulture, out var last);
        var seen = new JobSeen(state ?? "", isReturning ? last : after ?? 0);
        return TypedResults.ServerSentEvents(stream.JobAsync(id, seen, cancellationToken));
    }
}
