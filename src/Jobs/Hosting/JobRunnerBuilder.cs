using JobRunner.InMemory;
using JobRunner.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace JobRunner;

/// <summary>Composes JobRunner: a store, and whatever runs on it. Begin with <c>services.AddJobRunner()</c>.</summary>
/// <param name="Services">The application's services.</param>
/// <param name="Options">What clients and workers share. The services of its modules are registered already: to add one now,
/// use <see cref="JobRunnerServices.AddModule{T}(JobRunnerBuilder)"/>.</param>
public sealed record JobRunnerBuilder(IServiceCollection Services, JobRunnerOptions Options);

/// <summary>Registers JobRunner.</summary>
public static class JobRunnerServices
{
    /// <summary>Adds the client and what all parts share. Follow it with a store: <c>.UseInMemory()</c> or
    /// <c>.UsePostgres(connectionString)</c>.</summary>
    public static JobRunnerBuilder AddJobRunner(this IServiceCollection services, Action<JobRunnerOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        var options = new JobRunnerOptions();
        configure?.Invoke(options);
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(options);
        services.AddJobPerformer(options);
        services.AddStoreParts();
        services.TryAddSingleton(p => new RetentionRule(options.Retention, p.GetRequiredService<JobMethods>()));
        services.TryAddSingleton<IJobClient>(p => new JobClient(
            p.GetRequiredService<IJobActions>(), p.GetRequiredService<IJobReader>(), p.GetRequiredService<JobMethods>(),
            p.GetRequiredService<ArgumentSerializer>(), options, p.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton<IRecurringJobs>(p => new RecurringJobs(
            p.GetRequiredService<IRecurringStore>(), p.GetRequiredService<ArgumentSerializer>(), p.GetRequiredService<QueueRule>(),
            options.CompatibilityLevel));
        services.AddHostedService<StoreInitializer>();
        return new(services, options);
    }

    /// <summary>Adds a module after <c>AddJobRunner</c>: its services, its settings, and its assembly to those that may run jobs.</summary>
    public static JobRunnerBuilder AddModule<T>(this JobRunnerBuilder builder) where T : IJobModule, new()
    {
        ArgumentNullException.ThrowIfNull(builder);
        var module = new T();
        builder.Options.AddModule(module);
        module.ConfigureServices(builder.Services);
        return builder;
    }

    /// <summary>Keeps jobs in this process: for a first run, for tests, and for work that may be lost. They end with the process.</summary>
    /// <param name="builder">What <c>services.AddJobRunner()</c> returned.</param>
    /// <param name="history">How many ended executions the history keeps (<see cref="IExecutionHistory"/>). Default 0: none.</param>
    public static JobRunnerBuilder UseInMemory(this JobRunnerBuilder builder, int history = 0)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentOutOfRangeException.ThrowIfNegative(history);
        builder.Services.AddSingleton<IJobStore>(p => new InMemoryJobStore(
            p.GetRequiredService<TimeProvider>(), p.GetRequiredService<QueueRule>(), p.GetRequiredService<RetentionRule>(), history));
        return builder;
    }

    /// <summary>Adds what it takes to run a stored call in this process, and the services of the modules. Sandboxes use it
    /// alone, without client and store.</summary>
    public static IServiceCollection AddJobPerformer(this IServiceCollection services, JobRunnerOptions options)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(options);
        services.AddLogging();
        services.TryAddSingleton(_ => new TypeResolver(options.JobAssemblies));
        services.TryAddSingleton(p => new JobMethods(p.GetRequiredService<TypeResolver>()));
        services.TryAddSingleton(p => new ArgumentSerializer(
            p.GetRequiredService<TypeResolver>(), options.ArgumentSettings, options.CompatibilityLevel));
        services.TryAddSingleton(p => new QueueRule(p.GetRequiredService<JobMethods>(), p.GetRequiredService<ArgumentSerializer>()));
        services.TryAddSingleton(p => new JobPerformer(p, p.GetRequiredService<JobMethods>(), p.GetRequiredService<ArgumentSerializer>()));
        CurrentJob.AddTo(services);
        foreach (var module in options.Modules)
            module.ConfigureServices(services);
        return services;
    }
}
