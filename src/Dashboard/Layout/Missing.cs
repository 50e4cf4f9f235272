using JobRunner.Dashboard.Live;
using JobRunner.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace JobRunner.Dashboard.Layout;

/// <summary>The page for what does not exist. It says what is missing.</summary>
static class Missing
{
    public static void MapNotFound(this IEndpointRouteBuilder pages) =>
        pages.MapGet("/{**rest}", async (string rest, CountsFeed counts, CancellationToken cancellationToken) =>
            Page("There is no such page", $"The dashboard has nothing at “{rest}”.", (await counts.ReadAsync(cancellationToken)).Counts))
            .WithOrder(int.MaxValue);

    public static RazorComponentResult<NotFoundPage> Page(string message, string hint, StoreCounts counts) =>
        new(new { Message = message, Hint = hint, Counts = counts }) { StatusCode = StatusCodes.Status404NotFound };
}
