using JobRunner.Dashboard.Access;

namespace JobRunner.Dashboard;

/// <summary>How the dashboard behaves.</summary>
public sealed class DashboardOptions
{
    /// <summary>Who may see and use the pages. The default lets in requests from this machine only, and none that came
    /// through a proxy. Give your own rule, such as <c>context => context.User.IsInRole("operator")</c>, to open it to others.</summary>
    public Func<HttpContext, bool> Authorize { get; set; } = LocalRequests.IsLocal;
}
