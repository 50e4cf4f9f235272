namespace JobRunner.Benchmarks;

/// <summary>Jobs that were enqueued beforehand: how fast a worker gets through them.</summary>
sealed record Drain(int Jobs, TimeSpan FromStart, TimeSpan FromFirstClaim, Usage Usage)
{
    const int Batch = 5000;
    const int WarmUpJobs = 20_000;

    public double PerSecond => Jobs / FromStart.TotalSeconds;

    /// <summary>The same with few jobs, not measured, and then with all: a worker is measured as it is in production, where its
    /// code has been compiled long ago. The tables are empty before.</summary>
    public static async Task<Drain> WarmedAsync(
        BenchStore store, Func<BenchHost> build, JobCall warmUp, JobCall call, int jobs, CancellationToken cancellationToken)
    {
        await store.ResetAsync();
        await RunAsync(store, build, warmUp, Math.Min(WarmUpJobs, jobs), cancellationToken);
        await store.ResetAsync();
        return await RunAsync(store, build, call, jobs, cancellationToken);
    }

    public static async Task<Drain> RunAsync(
        BenchStore store, Func<BenchHost> build, JobCall call, int jobs, CancellationToken cancellationToken)
    {
        await using var worker = build();
        await worker.Store.InitializeAsync(cancellationToken);
        await EnqueueAsync(worker.Client, call, jobs, cancellationToken);
        await using var meter = await Meter.StartAsync(store);
        var time = TimeProvider.System;
        var started = time.GetTimestamp();
        await worker.StartAsync(cancellationToken);
        var ended = await worker.Watch.ReachAsync(jobs).WaitAsync(cancellationToken);
        return new Drain(jobs, time.GetElapsedTime(started, ended), time.GetElapsedTime(worker.Watch.FirstClaim, ended), await meter.StopAsync());
    }

    public static async Task EnqueueAsync(IJobClient client, JobCall call, int jobs, CancellationToken cancellationToken)
    {
        foreach (var batch in Enumerable.Repeat(call, jobs).Chunk(Batch))
            await client.EnqueueManyAsync(batch, cancellationToken);
    }
}
