using JobRunner.Dashboard.Layout;
using JobRunner.Dashboard.Live;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace JobRunner.Dashboard;

/// <summary>Registers the dashboard.</summary>
public static class DashboardServices
{
    /// <summary>Adds what the pages need. They show the store that <c>AddJobRunner()</c> was given.</summary>
    public static IServiceCollection AddJobRunnerDashboard(
        this IServiceCollection services, Action<DashboardOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddOptions<DashboardOptions>();
        if (configure is not null)
            services.Configure(configure);
        services.AddRazorComponents();
        services.AddAntiforgery();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<CountsFeed>();
        services.TryAddSingleton<JobFeed>();
        services.TryAddSingleton<LiveStream>();
        services.TryAddScoped<PageRequest>();
        return services;
    }
}
