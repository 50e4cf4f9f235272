using JobRunner.Storage;
using JobRunner.TestSupport;
using Microsoft.Extensions.DependencyInjection;

namespace JobRunner.Worker.Tests;

/// <summary>Jobs that exclude each other, on one worker and on several.</summary>
public abstract class ExclusionTests : IAsyncLifetime
{
    readonly List<WorkerHost> _workers = [];
    IJobStore _store = null!;

    static TimeSpan Patience => TimeSpan.FromSeconds(20);

    IJobClient Client => _workers[0].Client;

    protected abstract Task<IJobStore> StoreAsync();

    public async Task InitializeAsync()
    {
        _store = await StoreAsync();
        await StartAsync();
    }

    public async Task DisposeAsync()
    {
        foreach (var worker in _workers)
            await worker.DisposeAsync();
    }

    [Fact(Timeout = 60_000)]
    public async Task Two_jobs_of_one_resource_run_one_after_the_other_on_two_workers()
    {
        await StartAsync();
        var gate = Gates.Of(Gate("a"));
        var ids = await Client.EnqueueManyAsync(Enumerable.Range(0, 2).Select(_ => JobCall.Of(() => PolicyJobs.ExclusiveAsync(Gate("a"), default))));
        await gate.Begun.Task;
        await Task.Delay(TimeSpan.FromSeconds(1.2), TimeProvider.System); // more than two tries

        gate.Times.ShouldBe(1);
        (await StatesAsync(ids)).ShouldBe(["Enqueued", "Processing"]);
        gate.Opened.SetResult();
        foreach (var id in ids)
            await Client.WaitAsync(id, Patience);
        gate.Times.ShouldBe(2);
    }

    [Fact(Timeout = 60_000)]
    public async Task Jobs_of_other_resources_do_not_wait()
    {
        var first = await Client.EnqueueAsync(() => PolicyJobs.ExclusiveAsync(Gate("b"), default));
        var second = await Client.EnqueueAsync(() => PolicyJobs.ExclusiveAsync(Gate("c"), default));

        await Gates.Of(Gate("b")).Begun.Task;
        await Gates.Of(Gate("c")).Begun.Task;
        Gates.Of(Gate("b")).Opened.SetResult();
        Gates.Of(Gate("c")).Opened.SetResult();
        await Client.WaitAsync(first, Patience);
        await Client.WaitAsync(second, Patience);
    }

    [Fact(Timeout = 60_000)]
    public async Task Waiting_jobs_hold_no_slot()
    {
        await StartAsync(options => options.AsyncConcurrency = 2);
        await _workers[0].StopAsync();
        var client = _workers[1].Client;
        var held = await client.EnqueueAsync(() => PolicyJobs.ExclusiveAsync(Gate("d"), default));
        await Gates.Of(Gate("d")).Begun.Task;
        var waiting = await client.EnqueueManyAsync(Enumerable.Range(0, 5).Select(_ => JobCall.Of(() => PolicyJobs.ExclusiveAsync(Gate("d"), default))));

        var free = await client.EnqueueAsync(() => ScriptedJobs.EchoAsync("not held up"));
        (await client.WaitAsync<string>(free, Patience)).ShouldBe("not held up");

        Gates.Of(Gate("d")).Opened.SetResult();
        foreach (var id in waiting.Append(held))
            await client.WaitAsync(id, Patience);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_job_whose_time_to_wait_is_over_fails_as_Hangfires_would()
    {
        await TakeAsync("busy");

        var id = await Client.EnqueueAsync(() => PolicyJobs.ImpatientAsync("Busy"));

        var failure = await Should.ThrowAsync<JobFailedException>(() => Client.WaitAsync(id, Patience));
        failure.Info.Type.ShouldBe("Hangfire.Storage.DistributedLockTimeoutException");
        failure.Message.ShouldContain("'busy'");
        (await Client.GetAsync(id))!.History.Reverse().Select(state => state.Name).ShouldBe(["Enqueued", "Processing", "Failed"]);
        var next = await Client.EnqueueAsync(() => PolicyJobs.ImpatientAsync("free"));
        (await Client.WaitAsync<string>(next, Patience)).ShouldBe("free");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_waiting_job_that_is_deleted_never_runs()
    {
        await TakeAsync(Resource("e"));
        var id = await Client.EnqueueAsync(() => PolicyJobs.ExclusiveAsync(Gate("e"), default));
        await HeldAsync(1);

        await Client.DeleteAsync(id);

        await HeldAsync(0);
        Gates.Of(Gate("e")).Times.ShouldBe(0);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_stop_gives_waiting_jobs_back_and_leaves_no_lock()
    {
        await TakeAsync(Resource("f"));
        var id = await Client.EnqueueAsync(() => PolicyJobs.ExclusiveAsync(Gate("f"), default));
        var done = await Client.EnqueueAsync(() => PolicyJobs.ImpatientAsync("quick"));
        await Client.WaitAsync(done, Patience);
        await HeldAsync(1);

        await _workers[0].StopAsync();

        (await _store.Queue.ClaimAsync(["default"], 10, default)).ShouldHaveSingleItem().JobId.ShouldBe(id);
        (await _store.Locks.AcquireAsync([new("quick", 5)], TimeSpan.FromHours(1), null, default)).Count.ShouldBe(1);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_lock_is_kept_for_as_long_as_its_job_runs()
    {
        var id = await Client.EnqueueAsync(() => PolicyJobs.ExclusiveAsync(Gate("g"), default));
        await Gates.Of(Gate("g")).Begun.Task;
        await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System);

        (await _store.Locks.AcquireAsync([new(Resource("g"), 5)], TimeSpan.FromSeconds(0.9), null, default)).ShouldBeEmpty();

        Gates.Of(Gate("g")).Opened.SetResult();
        await Client.WaitAsync(id, Patience);
        await Eventually.HoldsAsync(async () =>
            (await _store.Locks.AcquireAsync([new(Resource("g"), 5)], TimeSpan.FromHours(1), null, default)).Count == 1);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_run_that_lost_its_lock_is_stopped_and_its_job_runs_again_when_the_lock_is_free()
    {
        var id = await Client.EnqueueAsync(() => PolicyJobs.ExclusiveAsync(Gate("h"), default));
        await Gates.Of(Gate("h")).Begun.Task;
        var stolen = new ResourceLock(Resource("h"), 6);
        await Eventually.HoldsAsync(async () => (await _store.Locks.AcquireAsync([stolen], TimeSpan.Zero, null, default)).Count == 1);

        var held = _workers[0].Services.GetRequiredService<Executions>();
        await Eventually.HoldsAsync(() => held.All.ToArray() is [{ StartedAt: null }]); // claimed again, and waiting
        Gates.Of(Gate("h")).Times.ShouldBe(1, "no run beside the one that has the lock now");
        _store.Locks.Refresh([stolen]).ShouldBeEmpty("the run that was stopped has left it alone");
        await _store.Locks.ReleaseAsync([stolen], default);
        Gates.Of(Gate("h")).Opened.SetResult();

        await Client.WaitAsync(id, Patience);
        Gates.Of(Gate("h")).Times.ShouldBe(2);
        (await Client.GetAsync(id))!.Parameters.Keys.ShouldNotContain("RetryCount");
        _workers[0].Log.Lines.ShouldContain(line => line.Contains(stolen.Resource) && line.Contains($"job {id}"));
    }

    // Tests of both stores run at once, and the gates are the process's.
    string Gate(string name) => $"{name}-{GetType().Name}";

    string Resource(string name) => $"gate-{Gate(name)}".ToLowerInvariant();

    async Task StartAsync(Action<WorkerOptions>? configure = null) => _workers.Add(
        await WorkerHost.StartAsync(builder => builder.Services.AddSingleton(_store), configure));

    async Task TakeAsync(string resource) =>
        (await _store.Locks.AcquireAsync([new(resource, 4)], TimeSpan.FromHours(1), null, default)).Count.ShouldBe(1);

    Task HeldAsync(int count) => Eventually.HoldsAsync(() => _workers[0].Services.GetRequiredService<Executions>().Count == count);

    async Task<IEnumerable<string>> StatesAsync(IEnumerable<long> ids) =>
        (await Task.WhenAll(ids.Select(async id => (await Client.GetAsync(id))!.State!.Name))).Order();
}

public sealed class InMemoryExclusionTests : ExclusionTests
{
    protected override Task<IJobStore> StoreAsync() => Task.FromResult(WorkerHost.NewInMemoryStore());
}

public sealed class PostgresExclusionTests : ExclusionTests
{
    protected override async Task<IJobStore> StoreAsync() => WorkerHost.NewPostgresStore(await PostgresFixture.CreateDatabaseAsync());
}
