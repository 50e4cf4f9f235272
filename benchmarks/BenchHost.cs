using JobRunner.Sandbox;
using JobRunner.Storage;
using JobRunner.Worker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace JobRunner.Benchmarks;

/// <summary>A worker to measure, in this process.</summary>
sealed class BenchHost(IHost host) : IAsyncDisposable
{
    public StoreWatch Watch { get; } = host.Services.GetRequiredService<StoreWatch>();

    public IJobStore Store { get; } = host.Services.GetRequiredService<IJobStore>();

    public IJobClient Client { get; } = host.Services.GetRequiredService<IJobClient>();

    public IRecurringJobs Recurring => host.Services.GetRequiredService<IRecurringJobs>();

    public ISandboxPool Sandboxes => host.Services.GetRequiredService<ISandboxPool>();

    /// <param name="store">Where the jobs are.</param>
    /// <param name="worker">Its options.</param>
    /// <param name="children">How many sandboxes. A worker without sandbox jobs has no use for one that is kept ready.</param>
    /// <param name="watch">Who is told what it does; null for a watch of its own.</param>
    public static BenchHost Build(BenchStore store, Action<WorkerOptions>? worker = null, int children = 0, StoreWatch? watch = null)
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Logging.AddSimpleConsole().SetMinimumLevel(LogLevel.Warning);
        builder.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        var jobs = builder.Services.AddJobRunner(options => options.JobAssemblies.Add(typeof(BenchJobs).Assembly));
        store.Use(jobs);
        Watched(builder.Services, watch ?? new());
        jobs.AddWorker(worker);
        builder.Services.Configure<SandboxOptions>(options =>
        {
            options.Minimum = children;
            options.Maximum = Math.Max(1, children);
        });
        return new BenchHost(builder.Build());
    }

    public Task StartAsync(CancellationToken cancellationToken) => host.StartAsync(cancellationToken);

    public Task StopAsync() => host.StopAsync(CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        await host.StopAsync();
        host.Dispose();
    }

    static void Watched(IServiceCollection services, StoreWatch watch)
    {
        var store = services.Single(service => service.ServiceType == typeof(IJobStore));
        services.Remove(store);
        services.AddSingleton(watch);
        services.AddKeyedSingleton("watched", (p, _) => (IJobStore)store.ImplementationFactory!(p)); // so that it is disposed
        services.AddSingleton(p => WatchedStore.Around(p.GetRequiredKeyedService<IJobStore>("watched"), p.GetRequiredService<StoreWatch>()));
    }
}
