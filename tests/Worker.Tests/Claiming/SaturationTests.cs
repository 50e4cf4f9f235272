using JobRunner.Storage;
using JobRunner.TestSupport;
using Microsoft.Extensions.DependencyInjection;

namespace JobRunner.Worker.Tests;

/// <summary>Jobs whose lane is full stand at the head of a queue that all lanes share.</summary>
public abstract class SaturationTests : IAsyncLifetime
{
    readonly List<WorkerHost> _workers = [];
    IJobStore _store = null!;

    static TimeSpan Patience => TimeSpan.FromSeconds(20);

    protected abstract Task<IJobStore> StoreAsync();

    public async Task InitializeAsync()
    {
        _store = await StoreAsync();
        await _store.InitializeAsync(default);
    }

    public async Task DisposeAsync()
    {
        foreach (var worker in _workers)
            await worker.DisposeAsync();
    }

    [Fact(Timeout = 60_000)]
    public async Task Async_jobs_start_while_more_blocking_jobs_than_a_worker_holds_stand_before_them()
    {
        var client = (await StartAsync(options => options.ThreadConcurrency = 1)).Client;
        var blocking = await client.EnqueueManyAsync(Enumerable.Range(0, 1500).Select(_ => HoldAThread("a")).Append(Echo("behind them")));
        (await client.WaitAsync<string>(blocking[^1], Patience)).ShouldBe("behind them");

        Gates.Of(Gate("a")).Times.ShouldBe(1);
        await Eventually.HoldsAsync(async () => await WaitingAsync() >= 1400, Patience, "what has no room is given back");
        (await client.WaitAsync<string>(await client.EnqueueAsync(Echo("a later one")), Patience)).ShouldBe("a later one");

        Gates.Of(Gate("a")).Opened.SetResult();
        await Eventually.HoldsAsync(async () => (await _store.Reader.CountAsync(default)).Unfinished == 0, Patience);
        Gates.Of(Gate("a")).Times.ShouldBe(1500);
    }

    [Fact(Timeout = 60_000)]
    public async Task Blocking_jobs_start_while_async_jobs_that_wait_stand_before_them()
    {
        var client = (await StartAsync(options => options.AsyncConcurrency = 2)).Client;
        var waiting = await client.EnqueueManyAsync(Enumerable.Range(0, 50)
            .Select(_ => JobCall.Of(() => ScriptedJobs.WaitAtGateAsync(Gate("b"), default))).Append(JobCall.Of(() => ScriptedJobs.EchoOnAThread("it ran"))));

        (await client.WaitAsync<string>(waiting[^1], Patience)).ShouldBe("it ran on its own thread");

        Gates.Of(Gate("b")).Opened.SetResult();
        foreach (var id in waiting)
            await client.WaitAsync(id, Patience);
        Gates.Of(Gate("b")).Times.ShouldBe(50);
    }

    [Fact(Timeout = 60_000)]
    public async Task Another_worker_takes_what_one_has_no_room_for()
    {
        var first = await StartAsync(options => options.ThreadConcurrency = 1);
        await first.Client.EnqueueManyAsync(Enumerable.Range(0, 20).Select(_ => HoldAThread("c")));
        await Eventually.HoldsAsync(async () => await WaitingAsync() > 0, Patience);

        await StartAsync(options => options.ThreadConcurrency = 3);

        await Eventually.HoldsAsync(() => Gates.Of(Gate("c")).Times == 4);
        Gates.Of(Gate("c")).Opened.SetResult();
        await Eventually.HoldsAsync(async () => (await _store.Reader.CountAsync(default)).Unfinished == 0, Patience);
        Gates.Of(Gate("c")).Times.ShouldBe(20);
    }

    [Fact(Timeout = 60_000)]
    public async Task More_jobs_of_one_resource_than_may_wait_here_hold_up_nobody()
    {
        var client = (await StartAsync(options => options.Backlog = 5)).Client;
        (await _store.Locks.AcquireAsync([new(Resource("d"), 4)], TimeSpan.FromHours(1), null, default)).Count.ShouldBe(1);
        var ids = await client.EnqueueManyAsync(Enumerable.Range(0, 30)
            .Select(_ => JobCall.Of(() => PolicyJobs.ExclusiveAsync(Gate("d"), default))).Append(Echo("behind them")));

        (await client.WaitAsync<string>(ids[^1], Patience)).ShouldBe("behind them");

        Gates.Of(Gate("d")).Opened.SetResult();
        await _store.Locks.ReleaseAsync([new(Resource("d"), 4)], default);
        await Eventually.HoldsAsync(async () => (await _store.Reader.CountAsync(default)).Unfinished == 0, TimeSpan.FromSeconds(40));
        Gates.Of(Gate("d")).Times.ShouldBe(30);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_kind_of_job_that_nobody_has_met_starts_from_behind_saturated_lanes()
    {
        var client = (await StartAsync(options => (options.ThreadConcurrency, options.AsyncConcurrency) = (1, 2))).Client;
        var ids = await client.EnqueueManyAsync(Enumerable.Range(0, 300).Select(_ => HoldAThread("e"))
            .Concat(Enumerable.Range(0, 2).Select(_ => WaitAtGate("f"))).Concat(Enumerable.Range(0, 300).Select(_ => HoldAThread("e"))));
        await Gates.Of(Gate("f")).Begun.Task;

        await client.EnqueueManyAsync(Enumerable.Range(0, 50).Select(_ => WaitAtGate("f")));
        Gates.Of(Gate("f")).Opened.SetResult();
        (await client.WaitAsync<string>(await client.EnqueueAsync(Echo("new")), Patience)).ShouldBe("new");
        Gates.Of(Gate("e")).Times.ShouldBe(1);
        Gates.Of(Gate("e")).Opened.SetResult();
        await client.WaitAsync(ids[^1], Patience);
    }

    [Fact(Timeout = 60_000)]
    public async Task No_more_jobs_are_claimed_than_may_be_held_by_the_bytes_of_their_arguments()
    {
        var client = (await StartAsync(options => options.PayloadMemoryMb = 1)).Client;
        var heavy = Convert.ToHexString(System.Security.Cryptography.RandomNumberGenerator.GetBytes(200_000));
        var ids = await client.EnqueueManyAsync(Enumerable.Range(0, 12).Select(_ => JobCall.Of(() => ScriptedJobs.WaitAtGateAsync(heavy, default))));

        await Eventually.HoldsAsync(() => Gates.Of(heavy).Times >= 3, Patience);
        await Eventually.HoldsAsync(async () => (await _store.Reader.CountAsync(default)).ByState.GetValueOrDefault("Processing") >= 3, Patience);
        Gates.Of(heavy).Times.ShouldBeLessThanOrEqualTo(4);
        Gates.Of(heavy).Opened.SetResult();
        foreach (var id in ids)
            await client.WaitAsync(id, Patience);
    }

    async Task<WorkerHost> StartAsync(Action<WorkerOptions> configure)
    {
        var worker = await WorkerHost.StartAsync(builder => builder.Services.AddSingleton(_store), configure);
        _workers.Add(worker);
        return worker;
    }

    async Task<long> WaitingAsync()
    {
        var queues = (await _store.Reader.CountAsync(default)).Queues;
        queues.Keys.ShouldBeSubsetOf(["default"]);
        return queues.GetValueOrDefault("default");
    }

    // Tests of both stores run at once, and the gates are the process's.
    string Gate(string name) => $"aside-{name}-{GetType().Name}";

    string Resource(string name) => $"gate-{Gate(name)}".ToLowerInvariant();

    JobCall WaitAtGate(string gate) => JobCall.Of(() => ScriptedJobs.WaitAtGateAsync(Gate(gate), default));

    JobCall HoldAThread(string gate) => JobCall.Of(() => ScriptedJobs.HoldAThread(Gate(gate), null!));

    static JobCall Echo(string text) => JobCall.Of(() => ScriptedJobs.EchoAsync(text));
}

public sealed class InMemorySaturationTests : SaturationTests
{
    protected override Task<IJobStore> StoreAsync() => Task.FromResult(WorkerHost.NewInMemoryStore());
}

public sealed class PostgresSaturationTests : SaturationTests
{
    protected override async Task<IJobStore> StoreAsync() => WorkerHost.NewPostgresStore(await PostgresFixture.CreateDatabaseAsync());
}
