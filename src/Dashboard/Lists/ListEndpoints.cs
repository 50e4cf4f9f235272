using JobRunner.Dashboard.Layout;
using JobRunner.Dashboard.Live;
using JobRunner.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace JobRunner.Dashboard.Lists;

/// <summary>The jobs in one state, newest first.</summary>
static class ListEndpoints
{
    internal const int PageSize = 50;

    // A store has to walk past all that it leaves out, so nobody needs to leaf to the end of millions.
    const int MaxPage = 2000;

    public static void MapLists(this IEndpointRouteBuilder pages) => pages.MapGet("/{state}", Get).AtDepth(1);

    static async Task<IResult> Get(
        string state, int? page, IJobReader reader, CountsFeed feed, CancellationToken cancellationToken)
    {
        var counts = (await feed.ReadAsync(cancellationToken)).Counts;
        if (StateView.FromSlug(state) is not { } name)
            return Missing.Page("There is no such list",
                $"“{state}” is not a state of jobs. The states are {string.Join(", ", JobStates.All.Select(StateView.Slug))}.", counts);

        var number = Math.Clamp(page ?? 1, 1, MaxPage);
        var jobs = await reader.ListAsync(name, (number - 1) * PageSize, PageSize + 1, cancellationToken);
        return new RazorComponentResult<ListPage>(new { State = name, Counts = counts, Number = number, Jobs = jobs });
    }
}
