using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace JobRunner;

/// <summary>The start of a host that may be told to stop before it has started.</summary>
public static class HostStart
{
    /// <summary>Starts the host. A stop that comes meanwhile (SIGTERM, Ctrl+C) ends the start, which is no failure: a deployment may
    /// change its mind at any moment.</summary>
    /// <returns>False when it was told to stop before it had started.</returns>
    /// <exception cref="Exception">What kept it from starting.</exception>
    public static async Task<bool> TryStartAsync(this IHost host)
    {
        ArgumentNullException.ThrowIfNull(host);
        var stopping = host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        try
        {
            await host.StartAsync(CancellationToken.None);
            return true;
        }
        catch (Exception) when (stopping.IsCancellationRequested)
        {
            return false;
        }
    }
}
