using JobRunner.Dashboard.Layout;
using JobRunner.Dashboard.Live;
using JobRunner.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace JobRunner.Dashboard.Executions;

/// <summary>The history of executions, a day at a time.</summary>
static class ExecutionEndpoints
{
    internal const int PageSize = 50;
    const int MostMethods = 20;

    public static void MapExecutions(this IEndpointRouteBuilder pages) => pages.MapGet("/history", Get).AtDepth(1);

    static async Task<IResult> Get(
        string? day, string? method, string? end, string? after, IExecutionHistory history, PageRequest page, CountsFeed feed,
        CancellationToken cancellationToken)
    {
        var counts = (await feed.ReadAsync(cancellationToken)).Counts;
        if (!history.IsKept)
            return Missing.Page("No history is kept", "The setting JobRunner:Postgres:History says for how long executions are remembered.", counts);
        var filter = ExecutionFilter.Read(day, method, end, after, page.Now);
        return new RazorComponentResult<ExecutionPage>(new
        {
            Filter = filter,
            Counts = counts,
            Executions = await history.ReadAsync(
                new(filter.From, filter.To, PageSize + 1) { Method = filter.Method, End = filter.End, After = filter.After }, cancellationToken),
            Methods = filter.After is null ? await history.SummarizeAsync(filter.From, filter.To, MostMethods, cancellationToken) : [],
        });
    }
}
