namespace JobRunner.Benchmarks;

/// <summary>Workers in this process, each with all that one in a process of its own would have: host, lanes, connections.</summary>
sealed class WorkerFleet : IAsyncDisposable
{
    readonly BenchHost[] _workers;
    readonly BenchHost _client;

    WorkerFleet(BenchHost[] workers, BenchHost client, StoreWatch watch) => (_workers, _client, Watch) = (workers, client, watch);

    /// <summary>What all of them do.</summary>
    public StoreWatch Watch { get; }

    /// <summary>A client on connections of its own.</summary>
    public IJobClient Client => _client.Client;

    public static async Task<WorkerFleet> StartAsync(BenchStore store, int workers, CancellationToken cancellationToken)
    {
        var watch = new StoreWatch();
        var client = BenchHost.Build(store);
        await client.Store.InitializeAsync(cancellationToken);
        var fleet = new WorkerFleet([.. Enumerable.Range(0, workers).Select(_ => BenchHost.Build(store, watch: watch))], client, watch);
        await Task.WhenAll(fleet._workers.Select(worker => worker.StartAsync(cancellationToken)));
        return fleet;
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_workers.Select(async worker => await worker.DisposeAsync()));
        await _client.DisposeAsync();
    }
}
