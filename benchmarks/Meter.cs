namespace JobRunner.Benchmarks;

/// <summary>What a stretch of a run costs, here and on the server.</summary>
sealed class Meter : IAsyncDisposable
{
    readonly ResourceSampler _resources;
    readonly DatabaseMeter? _database;

    Meter(ResourceSampler resources, DatabaseMeter? database) => (_resources, _database) = (resources, database);

    /// <param name="store">The store.</param>
    /// <param name="quiet">For a process that does nothing else: to be woken often is what would cost it most.</param>
    public static async Task<Meter> StartAsync(BenchStore store, bool quiet = false)
    {
        var database = await store.StartMeterAsync(quiet ? TimeSpan.FromSeconds(5) : TimeSpan.FromMilliseconds(250));
        return new Meter(new ResourceSampler(TimeSpan.FromMilliseconds(quiet ? 5000 : 50)), database);
    }

    public async Task<Usage> StopAsync()
    {
        var cpu = _resources.Cpu;
        return new Usage(_resources.PeakRssMiB, _resources.PeakThreads, cpu, _database is null ? null : await _database.StopAsync());
    }

    public async ValueTask DisposeAsync()
    {
        _resources.Dispose();
        if (_database is not null)
            await _database.DisposeAsync();
    }
}

/// <summary>What a stretch of a run has cost.</summary>
sealed record Usage(double RssMiB, int Threads, TimeSpan Cpu, DatabaseUsage? Database);
