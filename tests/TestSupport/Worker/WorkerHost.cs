using JobRunner.Storage;
using JobRunner.Worker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace JobRunner.TestSupport;

/// <summary>A worker in this process, on the in-memory store unless told otherwise, with short intervals.</summary>
public sealed class WorkerHost : IAsyncDisposable
{
    readonly IHost _host;

    WorkerHost(IHost host, RecordedLog log)
    {
        _host = host;
        Log = log;
    }

    public RecordedLog Log { get; }

    public IServiceProvider Services => _host.Services;

    public IJobClient Client => Services.GetRequiredService<IJobClient>();

    public IJobStore Store => Services.GetRequiredService<IJobStore>();

    public static async Task<WorkerHost> StartAsync(
        Action<JobRunnerBuilder>? store = null, Action<WorkerOptions>? worker = null, Action<IServiceCollection>? services = null)
    {
        var log = new RecordedLog();
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Logging.AddProvider(log);
        var jobs = builder.Services.AddJobRunner(options => options.JobAssemblies.Add(typeof(ScriptedJobs).Assembly));
        (store ?? (b => b.UseInMemory()))(jobs);
        jobs.AddWorker(options =>
        {
            options.PollInterval = TimeSpan.FromMilliseconds(100);
            options.ProcessingDelay = TimeSpan.FromMilliseconds(50);
            options.LeaseInterval = TimeSpan.FromMilliseconds(200);
            worker?.Invoke(options);
        });
        services?.Invoke(builder.Services);
        var host = builder.Build();
        await host.StartAsync();
        return new WorkerHost(host, log);
    }

    /// <summary>A store for several workers.</summary>
    public static IJobStore NewInMemoryStore()
    {
        var services = new ServiceCollection();
        services.AddJobRunner().UseInMemory();
        return services.BuildServiceProvider().GetRequiredService<IJobStore>();
    }

    /// <summary>A store for several workers.</summary>
    public static IJobStore NewPostgresStore(string connectionString)
    {
        var services = new ServiceCollection();
        services.AddLogging().AddJobRunner().UsePostgres(connectionString);
        return services.BuildServiceProvider().GetRequiredService<IJobStore>();
    }

    public Task StopAsync() => _host.StopAsync();

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }
}

/// <summary>Remembers what was logged.</summary>
public sealed class RecordedLog : ILoggerProvider, ILogger
{
    readonly System.Collections.Concurrent.ConcurrentQueue<string> _lines = new();

    public IReadOnlyCollection<string> Lines => _lines;

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        ArgumentNullException.ThrowIfNull(formatter);
        _lines.Enqueue($"{logLevel}: {formatter(state, exception)} {exception}");
    }

    public void Dispose()
    {
    }
}
