using JobRunner.Storage;
using JobRunner.TestSupport;
using Microsoft.Extensions.DependencyInjection;

namespace JobRunner.Worker.Tests;

/// <summary>Queues that share a worker by weights, and queues that do not, while every lane is full.</summary>
public abstract class WeightTests : IAsyncLifetime
{
    const int Waiting = 900;
    const int Milliseconds = 4;

    static readonly TimeSpan _patience = TimeSpan.FromSeconds(40);

    IJobStore _store = null!;

    protected abstract Task<IJobStore> StoreAsync();

    public async Task InitializeAsync()
    {
        _store = await StoreAsync();
        await _store.InitializeAsync(default);
    }

    public Task DisposeAsync() => Task.CompletedTask;

    [Theory(Timeout = 120_000)]
    [InlineData("async")]
    [InlineData("thread")]
    [InlineData("sandbox")]
    public async Task Weights_are_kept_while_every_lane_is_full(string lane)
    {
        var (heavy, light) = await RunAsync(lane, "heavy:3, light:1");

        ((double)heavy / (heavy + light)).ShouldBeInRange(0.75 * 0.95, 0.75 * 1.05, $"{heavy} of heavy, {light} of light");
    }

    [Theory(Timeout = 120_000)]
    [InlineData("async")]
    [InlineData("thread")]
    [InlineData("sandbox")]
    public async Task The_order_is_kept_while_every_lane_is_full(string lane)
    {
        var (heavy, light) = await RunAsync(lane, "heavy", "light");

        heavy.ShouldBeGreaterThan(Waiting / 2);
        light.ShouldBe(0);
    }

    /// <summary>Lets a worker run about half of the jobs of one lane that wait in each of two queues, behind others that keep the other lanes full.</summary>
    async Task<(int Heavy, int Light)> RunAsync(string lane, params string[] queues)
    {
        IReadOnlyList<long> ids;
        await using (var idle = await StartAsync("nobodys"))
        {
            foreach (var other in new[] { "async", "thread", "sandbox" }.Where(other => other != lane))
                await idle.Client.EnqueueManyAsync(Enumerable.Range(0, 60).Select(n => Call(other, 600_000).OnQueue(n % 2 == 0 ? "heavy" : "light")));
            ids = await idle.Client.EnqueueManyAsync(
                Enumerable.Range(0, 2 * Waiting).Select(n => Call(lane, Milliseconds).OnQueue(n % 2 == 0 ? "heavy" : "light")));
        }

        await using var worker = await StartAsync(queues);

        await Eventually.HoldsAsync(async () => (await StatesAsync()).GetValueOrDefault(JobStates.Succeeded) >= Waiting * 2 / 3, _patience);
        await worker.StopAsync();

        return (await SucceededAsync(ids.Where((_, n) => n % 2 == 0)), await SucceededAsync(ids.Where((_, n) => n % 2 == 1)));
    }

    Task<WorkerHost> StartAsync(params string[] queues) => WorkerHost.StartAsync(builder => builder.Services.AddSingleton(_store), options =>
    {
        foreach (var queue in queues)
            options.Queues.Add(queue);
        (options.AsyncConcurrency, options.ThreadConcurrency) = (4, 4);
        (options.ShutdownGrace, options.CancelGrace) = (TimeSpan.Zero, TimeSpan.FromSeconds(5));
    });

    async Task<IReadOnlyDictionary<string, long>> StatesAsync() => (await _store.Reader.CountAsync(default)).ByState;

    async Task<int> SucceededAsync(IEnumerable<long> ids) =>
        (await _store.Reader.GetStatesAsync([.. ids], default)).Count(state => state.Name == JobStates.Succeeded);

    static JobCall Call(string lane, int milliseconds) => lane switch
    {
        "async" => JobCall.Of(() => ScriptedJobs.TakeAsync(milliseconds, default)),
        "thread" => JobCall.Of(() => ScriptedJobs.Take(milliseconds, default)),
        _ => JobCall.Of(() => ScriptedJobs.TakeInASandbox(milliseconds, default)),
    };
}

public sealed class InMemoryWeightTests : WeightTests
{
    protected override Task<IJobStore> StoreAsync() => Task.FromResult(WorkerHost.NewInMemoryStore());
}

public sealed class PostgresWeightTests : WeightTests
{
    protected override async Task<IJobStore> StoreAsync() => WorkerHost.NewPostgresStore(await PostgresFixture.CreateDatabaseAsync());
}
