using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace JobRunner.Sandbox;

/// <summary>Registers the sandbox pool.</summary>
public static class SandboxServices
{
    /// <summary>Adds <see cref="ISandboxPool"/>. Needs <c>AddJobRunner</c>, whose assemblies and modules the sandboxes load.</summary>
    public static IServiceCollection AddSandboxPool(this IServiceCollection services, Action<SandboxOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddLogging();
        services.TryAddSingleton(TimeProvider.System);
        var options = services.AddOptionsWithValidateOnStart<SandboxOptions, SandboxOptionsValidator>();
        if (configure is not null)
            options.Configure(configure);
        services.TryAddSingleton<ISandboxPool>(p => new SandboxPool(
            p.GetRequiredService<IOptions<SandboxOptions>>().Value, p.GetRequiredService<JobRunnerOptions>(),
            p.GetRequiredService<ArgumentSerializer>(), p.GetRequiredService<TimeProvider>(),
            p.GetRequiredService<ILogger<SandboxPool>>()));
        return services;
    }
}
