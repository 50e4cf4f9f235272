using JobRunner.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace JobRunner.Benchmarks;

/// <summary>A worker to measure, in this process.</summary>
sealed class BenchHost(IHost host, string storeName) : IAsyncDisposable
{
    static readonly TimeSpan _look = TimeSpan.FromMilliseconds(5);

    public string StoreName => storeName;

    IJobStore Store => host.Services.GetRequiredService<IJobStore>();

    public static BenchHost Build(BenchStore store, int asyncConcurrency)
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Logging.AddSimpleConsole().SetMinimumLevel(LogLevel.Warning);
        var jobs = builder.Services.AddJobRunner(options => options.JobAssemblies.Add(typeof(BenchJobs).Assembly));
        store.Use(jobs);
        jobs.AddWorker(options => options.AsyncConcurrency = asyncConcurrency);
        return new BenchHost(builder.Build(), store.Name);
    }

    /// <summary>Enqueues before the worker starts, in batches.</summary>
    public async Task EnqueueAsync(IEnumerable<JobCall> calls, CancellationToken cancellationToken)
    {
        await Store.InitializeAsync(cancellationToken);
        var client = host.Services.GetRequiredService<IJobClient>();
        foreach (var batch in calls.Chunk(5000))
            await client.EnqueueManyAsync(batch, cancellationToken);
    }

    /// <summary>Starts the worker and waits until so many jobs have succeeded.</summary>
    public async Task<Measured> RunToEndAsync(int jobs, CancellationToken cancellationToken)
    {
        var time = TimeProvider.System;
        using var resources = new ResourceSampler();
        var all = BenchJobs.Ended + jobs;
        var started = time.GetTimestamp();
        await host.StartAsync(cancellationToken);
        while (BenchJobs.Ended < all || (await Store.CountAsync(cancellationToken)).Unfinished > 0)
            await Task.Delay(_look, time, cancellationToken);
        var elapsed = time.GetElapsedTime(started);
        var succeeded = (await Store.CountAsync(cancellationToken)).ByState[JobStates.Succeeded];
        if (succeeded != jobs)
            throw new InvalidOperationException($"{succeeded} of {jobs} jobs succeeded.");
        return new Measured(elapsed, resources.PeakRssMiB, resources.PeakThreads, resources.Cpu);
    }

    public async ValueTask DisposeAsync()
    {
        await host.StopAsync();
        host.Dispose();
    }
}

/// <summary>What a run took.</summary>
sealed record Measured(TimeSpan Elapsed, double RssMiB, int Threads, TimeSpan Cpu);
