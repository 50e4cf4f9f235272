using JobRunner.Storage;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace JobRunner.Dashboard;

/// <summary>Ready means: the store answers.</summary>
sealed class StoreHealth(IServerRegistry servers) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await servers.ListAsync(cancellationToken);
            return HealthCheckResult.Healthy();
        }
        catch (Exception e)
        {
            return new(context.Registration.FailureStatus, "The store does not answer.", e);
        }
    }
}
