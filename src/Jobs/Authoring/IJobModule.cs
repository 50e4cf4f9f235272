using Microsoft.Extensions.DependencyInjection;

namespace JobRunner;

/// <summary>
/// Registers the services that jobs need. The same module runs in the worker and in every sandbox, so that a job gets
/// its services in both lanes. It needs a public constructor without parameters, and must not register the database
/// that holds the jobs: a sandbox never sees it.
/// </summary>
public interface IJobModule
{
    /// <summary>Adds the services.</summary>
    void ConfigureServices(IServiceCollection services);

    /// <summary>Changes what clients and workers share, such as the JSON settings. Does nothing unless overridden.</summary>
    void Configure(JobRunnerOptions options)
    {
    }
}
