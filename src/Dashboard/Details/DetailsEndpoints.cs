using JobRunner.Dashboard.Layout;
using JobRunner.Dashboard.Live;
using JobRunner.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace JobRunner.Dashboard.Details;

/// <summary>The page of one job, and what can be done with it.</summary>
static class DetailsEndpoints
{
    internal const int LogLines = 1000;

    // A picture of 700 kB is a result of so many characters. What is longer than a page shows is not read.
    const int LongestText = 1_000_000;

    public static void MapDetails(this IEndpointRouteBuilder pages)
    {
        pages.MapGet("/{id:long}", Get).AtDepth(1);
        pages.MapPost("/{id:long}/requeue", Requeue).AtDepth(2);
        pages.MapPost("/{id:long}/delete", Delete).AtDepth(2);
    }

    static async Task<IResult> Get(
        long id, string? done, HttpContext context, PageRequest page, IJobReader reader, CountsFeed feed, CancellationToken cancellationToken)
    {
        var counts = (await feed.ReadAsync(cancellationToken)).Counts;
        if (await reader.GetAsync(id, LongestText, cancellationToken) is not { } job)
            return Missing.Page($"There is no job #{id}",
                "It never was, or it has expired: finished and deleted jobs are removed after a while.", counts);

        page.AllowForms(context);
        return new RazorComponentResult<JobPage>(new
        {
            Job = job,
            Counts = counts,
            Log = await reader.ReadLogAsync(id, 0, LogLines, cancellationToken),
            Status = ActionResult.Tell(done, id),
        });
    }

    static async Task<RedirectHttpResult> Requeue(long id, PageRequest page, IJobActions actions, CancellationToken cancellationToken)
    {
        var changed = await actions.RequeueAsync([id], StateReasons.FromDashboard, cancellationToken);
        return TypedResults.Redirect(page.JobPath(id, ActionResult.Query(changed, ActionResult.Requeued)));
    }

    static async Task<RedirectHttpResult> Delete(long id, PageRequest page, IJobActions actions, CancellationToken cancellationToken)
    {
        var changed = await actions.DeleteAsync([id], StateReasons.FromDashboard, cancellationToken);
        return TypedResults.Redirect(page.JobPath(id, ActionResult.Query(changed, ActionResult.Deleted)));
    }
}
