using JobRunner.Dashboard.Access;
using JobRunner.Dashboard.Assets;
using JobRunner.Dashboard.Details;
using JobRunner.Dashboard.Executions;
using JobRunner.Dashboard.Layout;
using JobRunner.Dashboard.Lists;
using JobRunner.Dashboard.Live;
using JobRunner.Dashboard.Overview;

namespace JobRunner.Dashboard;

/// <summary>Maps the dashboard.</summary>
public static class DashboardEndpoints
{
    /// <summary>Maps the pages, their live events, the script and the style under <paramref name="prefix"/>. The application
    /// needs no middleware for them: access and antiforgery are checked here.</summary>
    public static IEndpointConventionBuilder MapJobRunnerDashboard(this IEndpointRouteBuilder endpoints, string prefix = "/jobs")
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(prefix);
        if (!endpoints.ServiceProvider.GetRequiredService<IServiceProviderIsService>().IsService(typeof(CountsFeed)))
            throw new InvalidOperationException("The dashboard is mapped but not registered: call services.AddJobRunnerDashboard() as well.");
        var pages = endpoints.MapGroup(prefix.TrimEnd('/'));
        pages.ExcludeFromDescription();
        pages.AddEndpointFilter<DashboardGuard>();
        pages.MapOverview();
        pages.MapLists();
        pages.MapExecutions();
        pages.MapDetails();
        pages.MapLive();
        pages.MapAssets();
        pages.MapNotFound();
        return pages;
    }

    /// <summary>Tells the guard how many segments of the path are the page's own, so that the rest is where the dashboard is
    /// mounted: whatever the prefix, the groups around it and the application's path base are.</summary>
    internal static RouteHandlerBuilder AtDepth(this RouteHandlerBuilder builder, int segments) =>
        builder.WithMetadata(new PageDepth(segments));
}
