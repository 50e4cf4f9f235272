using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace JobRunner.Sandbox;

/// <summary>The services of jobs in a child. To build a container takes a fifth of the time in which a sandbox starts, and static methods
/// need none: without modules it is built for the first job that does.</summary>
sealed class JobServices : IServiceProvider, IServiceProviderIsService
{
    readonly Lazy<ServiceProvider> _container;
    readonly bool _hasModules;

    JobServices(JobRunnerOptions options, JobMethods methods, ArgumentSerializer arguments, ParentLink parent)
    {
        _hasModules = options.Modules.Count > 0;
        _container = new(() => new ServiceCollection()
            .AddLogging(logging => logging.AddProvider(new JobLoggerProvider(parent)))
            .AddSingleton(TimeProvider.System).AddSingleton(options).AddSingleton(methods).AddSingleton(arguments)
            .AddJobPerformer(options).BuildServiceProvider());
    }

    /// <summary>What runs the application's jobs here.</summary>
    public static JobPerformer CreatePerformer(JobRunnerOptions options, ParentLink parent)
    {
        var types = new TypeResolver(options.JobAssemblies);
        var methods = new JobMethods(types);
        var arguments = new ArgumentSerializer(types, options.ArgumentSettings, options.CompatibilityLevel);
        return new JobPerformer(new JobServices(options, methods, arguments, parent), methods, arguments);
    }

    public object? GetService(Type serviceType) =>
        serviceType == typeof(IServiceProviderIsService) ? this : _container.Value.GetService(serviceType);

    /// <summary>True when there is such a service; of those that everybody has, without modules, nothing is known.</summary>
    public bool IsService(Type serviceType) =>
        _hasModules && _container.Value.GetRequiredService<IServiceProviderIsService>().IsService(serviceType);
}
