namespace JobRunner.Benchmarks;

/// <summary>What a stretch of a run costs, here and on the server.</summary>
sealed class Meter : IAsyncDisposable
{
    readonly ResourceSampler _resources;
    readonly DatabaseMeter? _database;

    Meter(ResourceSampler resources, DatabaseMeter? database) => (_resources, _database) = (resources, database);

    public static async Task<Meter> StartAsync(BenchStore store)
    {
        var database = await store.StartMeterAsync();
        return new Meter(new ResourceSampler(), database);
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
