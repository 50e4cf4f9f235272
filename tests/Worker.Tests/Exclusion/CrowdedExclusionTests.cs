using System.Collections.Concurrent;
using JobRunner.Storage;
using JobRunner.TestSupport;
using Microsoft.Extensions.DependencyInjection;

namespace JobRunner.Worker.Tests;

/// <summary>Many jobs wait for one resource, in front of jobs that want something else.</summary>
public abstract class CrowdedExclusionTests : IAsyncLifetime
{
    readonly List<WorkerHost> _workers = [];
    readonly StoreFaults _seen = new();
    readonly ConcurrentQueue<int> _asked = new();
    IJobStore _store = null!;
    int _givenBack;

    static TimeSpan Patience => TimeSpan.FromSeconds(30);

    protected abstract Task<IJobStore> StoreAsync();

    public async Task InitializeAsync()
    {
        _store = await StoreAsync();
        await _store.InitializeAsync(default);
        _seen.Before = (operation, arguments) =>
        {
            if (operation == nameof(IResourceLocks.AcquireAsync) && arguments[0] is IReadOnlyList<ResourceLock> { Count: > 0 } locks)
                _asked.Enqueue(locks.Count);
            if (operation == nameof(IWorkQueue.ReleaseAsync) && arguments[0] is IReadOnlyList<Claim> claims)
                Interlocked.Add(ref _givenBack, claims.Count);
            return null;
        };
    }

    public async Task DisposeAsync()
    {
        foreach (var worker in _workers)
            await worker.DisposeAsync();
    }

    [Theory(Timeout = 90_000)]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Jobs_of_a_free_resource_and_of_none_start_from_behind_more_than_may_wait_here(int workers)
    {
        await TakeAsync(Resource("a"));
        var client = await StartAsync(workers, options => options.Backlog = 20);
        var waiting = await client.EnqueueManyAsync(Enumerable.Range(0, 100).Select(_ => Exclusive("a"))
            .Append(Exclusive("b")).Concat(Enumerable.Range(0, 50).Select(_ => Exclusive("a"))).Append(Exclusive("c")).Append(Echo("ordinary")));
        Gates.Of(Gate("b")).Opened.SetResult();
        Gates.Of(Gate("c")).Opened.SetResult();

        (await client.WaitAsync<string>(waiting[^1], Patience)).ShouldBe("ordinary");
        await client.WaitAsync(waiting[^2], Patience);
        await client.WaitAsync(waiting[100], Patience);
        (await client.WaitAsync<string>(await client.EnqueueAsync(Echo("later")), Patience)).ShouldBe("later");

        Gates.Of(Gate("a")).Times.ShouldBe(0);
        Gates.Of(Gate("a")).Opened.SetResult();
        await _store.Locks.ReleaseAsync([new(Resource("a"), 4)], default);
        await Eventually.HoldsAsync(async () => (await _store.Reader.CountAsync(default)).Unfinished == 0, TimeSpan.FromSeconds(60));
        Gates.Of(Gate("a")).Times.ShouldBe(150);
    }

    [Fact(Timeout = 90_000)]
    public async Task Jobs_of_a_method_that_has_one_resource_stay_in_their_queue()
    {
        await TakeAsync("alone");
        var client = await StartAsync(1, options => options.Backlog = 100);
        var waiting = await client.EnqueueManyAsync(Enumerable.Range(0, 3000).Select(_ => Alone()).Append(Exclusive("d")).Append(Echo("ordinary")));
        Gates.Of(Gate("d")).Opened.SetResult();
        (await client.WaitAsync<string>(waiting[^1], Patience)).ShouldBe("ordinary");
        await client.WaitAsync(waiting[^2], Patience);
        var givenBack = _givenBack;
        givenBack.ShouldBeLessThan(2000, "what one claim, or two, brought before the line was full");

        for (var i = 0; i < 10; i++)
            await client.WaitAsync(await client.EnqueueAsync(Echo("later")), Patience);

        _givenBack.ShouldBe(givenBack);
    }

    [Fact(Timeout = 90_000)]
    public async Task Who_waits_asks_once_for_all_and_not_at_all_while_a_job_of_the_same_worker_has_the_resource()
    {
        var client = await StartAsync(1);
        await client.EnqueueManyAsync(Enumerable.Range(0, 300).Select(_ => Exclusive("e")));
        await Gates.Of(Gate("e")).Begun.Task;
        await HeldAsync(300);
        _asked.Clear();
        await Task.Delay(TimeSpan.FromSeconds(2), TimeProvider.System);
        _asked.ShouldBeEmpty();

        await TakeAsync(Resource("f"));
        await client.EnqueueManyAsync(Enumerable.Range(0, 300).Select(_ => Exclusive("f")));
        await HeldAsync(600);
        _asked.Clear();
        await Task.Delay(TimeSpan.FromSeconds(2), TimeProvider.System);
        _asked.Count.ShouldBeInRange(1, 6);
        _asked.ShouldAllBe(locks => locks == 1);
        Gates.Of(Gate("e")).Opened.SetResult();
        Gates.Of(Gate("f")).Opened.SetResult();
    }

    [Fact(Timeout = 90_000)]
    public async Task Long_arguments_of_jobs_that_wait_leave_room_for_others()
    {
        await TakeAsync("alone");
        var client = await StartAsync(1, options => options.PayloadMemoryMb = 1);
        var heavy = Convert.ToHexString(System.Security.Cryptography.RandomNumberGenerator.GetBytes(100_000));
        var jobs = await client.EnqueueManyAsync(Enumerable.Range(0, 30)
            .Select(i => JobCall.Of(() => PolicyJobs.AloneAsync($"{i}{heavy}", default))).Append(Echo("ordinary")));

        (await client.WaitAsync<string>(jobs[^1], Patience)).ShouldBe("ordinary");
    }

    // Tests of both stores run at once, and the gates are the process's.
    string Gate(string name) => $"crowd-{name}-{GetType().Name}-{GetHashCode()}";

    string Resource(string name) => $"gate-{Gate(name)}".ToLowerInvariant();

    JobCall Exclusive(string gate) => JobCall.Of(() => PolicyJobs.ExclusiveAsync(Gate(gate), default));

    JobCall Alone() => JobCall.Of(() => PolicyJobs.AloneAsync(Gate("alone"), default));

    static JobCall Echo(string text) => JobCall.Of(() => ScriptedJobs.EchoAsync(text));

    async Task<IJobClient> StartAsync(int workers, Action<WorkerOptions>? configure = null)
    {
        for (var i = 0; i < workers; i++)
            _workers.Add(await WorkerHost.StartAsync(builder => builder.Services.AddSingleton(_seen.Around(_store)), configure));
        return _workers[0].Client;
    }

    async Task TakeAsync(string resource) =>
        (await _store.Locks.AcquireAsync([new(resource, 4)], TimeSpan.FromHours(1), null, default)).Count.ShouldBe(1);

    Task HeldAsync(int count) =>
        Eventually.HoldsAsync(() => _workers[0].Services.GetRequiredService<Executions>().Count == count, Patience);
}

public sealed class InMemoryCrowdedExclusionTests : CrowdedExclusionTests
{
    protected override Task<IJobStore> StoreAsync() => Task.FromResult(WorkerHost.NewInMemoryStore());
}

public sealed class PostgresCrowdedExclusionTests : CrowdedExclusionTests
{
    protected override async Task<IJobStore> StoreAsync() => WorkerHost.NewPostgresStore(await PostgresFixture.CreateDatabaseAsync());
}
