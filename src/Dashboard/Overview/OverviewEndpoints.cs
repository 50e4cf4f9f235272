using JobRunner.Dashboard.Layout;
using JobRunner.Dashboard.Live;
using JobRunner.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace JobRunner.Dashboard.Overview;

/// <summary>The first page: how many jobs are where, who works, what failed lately.</summary>
static class OverviewEndpoints
{
    const int RecentFailures = 8;

    public static void MapOverview(this IEndpointRouteBuilder pages) => pages.MapGet("", Get).AtDepth(0);

    /// <param name="job">The id that somebody typed into the field at the top of a page.</param>
    /// <param name="page">The request.</param>
    /// <param name="store">The store, which says its name.</param>
    /// <param name="reader">The jobs.</param>
    /// <param name="servers">Who works.</param>
    /// <param name="counts">The numbers.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    static async Task<IResult> Get(
        string? job, PageRequest page, IJobStore store, IJobReader reader, IServerRegistry servers, CountsFeed counts, CancellationToken cancellationToken)
    {
        if (job is not null)
            return JumpTo(job, page);
        return new RazorComponentResult<OverviewPage>(new
        {
            (await counts.ReadAsync(cancellationToken)).Counts,
            Servers = await servers.ListAsync(cancellationToken),
            Failures = await reader.ListAsync(JobStates.Failed, 0, RecentFailures, cancellationToken),
            Store = store.Description,
        });
    }

    static RedirectHttpResult JumpTo(string job, PageRequest page) =>
        TypedResults.Redirect(long.TryParse(job.AsSpan().Trim().TrimStart('#'), out var id) && id > 0 ? page.JobPath(id) : page.OverviewPath);
}
