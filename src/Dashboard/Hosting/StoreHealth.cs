using JobRunner.Storage;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace JobRunner.Dashboard;

/// <summary>Ready means: the store answers.</summary>
sealed class StoreHealth(IJobStore store) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await store.ListServersAsync(cancellationToken);
            return HealthCheckResult.Healthy();
        }
        catch (Exception e)
        {
            return new(context.Registration.FailureStatus, "The store does not answer.", e);
        }
    }
}
