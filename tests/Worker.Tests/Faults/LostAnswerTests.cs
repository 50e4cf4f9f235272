using JobRunner.Storage;
using JobRunner.TestSupport;
using Microsoft.Extensions.DependencyInjection;

namespace JobRunner.Worker.Tests.Faults;

/// <summary>A write commits, and its answer is lost: the worker writes it once more, and must see that it has been there.</summary>
public abstract class LostAnswerTests : IAsyncLifetime
{
    readonly StoreFaults _faults = new();
    IJobStore _store = null!;
    WorkerHost _worker = null!;
    int _lost;

    IJobClient Client => _worker.Client;

    int Held => _worker.Services.GetRequiredService<Executions>().Count;

    protected abstract Task<IJobStore> StoreAsync();

    public async Task InitializeAsync()
    {
        _store = await StoreAsync();
        var store = _faults.Around(_store);
        _worker = await WorkerHost.StartAsync(builder => builder.Services.AddSingleton(store), options =>
        {
            options.RescueAfter = TimeSpan.FromSeconds(3);
            options.HeartbeatInterval = TimeSpan.FromSeconds(1);
        });
    }

    public async Task DisposeAsync()
    {
        await _worker.DisposeAsync();
        if (_store is IAsyncDisposable disposable)
            await disposable.DisposeAsync();
    }

    [Fact(Timeout = 60_000)]
    public async Task Of_a_mark_the_job_goes_on_and_succeeds()
    {
        LoseAnswers(JobStates.Processing, 7);
        var gate = $"lost mark {GetType()}";
        var id = await Client.EnqueueAsync(() => ScriptedJobs.WaitAtGateAsync(gate, default));
        await Eventually.HoldsAsync(() => _lost == 7);
        await Eventually.HoldsAsync(() => _worker.Services.GetRequiredService<Executions>().All.All(execution => execution.IsMarked));
        Gates.Of(gate).Opened.SetResult();

        (await Client.WaitAsync<string>(id, TimeSpan.FromSeconds(20))).ShouldBe(gate);
        Gates.Of(gate).Times.ShouldBe(1);
        await HistoryShouldBeAsync(id, "Enqueued", "Processing", "Succeeded");
        await Eventually.HoldsAsync(() => Held == 0);
    }

    [Fact(Timeout = 60_000)]
    public async Task Of_a_mark_of_a_job_that_ends_meanwhile_its_end_is_written()
    {
        LoseAnswers(JobStates.Processing, 2);
        var gate = $"lost mark, ended {GetType()}";
        var id = await Client.EnqueueAsync(() => ScriptedJobs.WaitAtGateAsync(gate, default));
        await Eventually.HoldsAsync(() => _lost > 0);
        Gates.Of(gate).Opened.SetResult();

        (await Client.WaitAsync<string>(id, TimeSpan.FromSeconds(20))).ShouldBe(gate);
        Gates.Of(gate).Times.ShouldBe(1);
        await HistoryShouldBeAsync(id, "Enqueued", "Processing", "Succeeded");
    }

    [Fact(Timeout = 60_000)]
    public async Task Of_an_end_it_is_written_once_and_not_called_late()
    {
        LoseAnswers(JobStates.Succeeded, 2);
        var ids = await Client.EnqueueManyAsync(Enumerable.Range(0, 20).Select(n => JobCall.Of(() => ScriptedJobs.EchoAsync($"{n}"))));

        await Eventually.HoldsAsync(async () => (await _worker.Store.Reader.CountAsync(default)).ByState["Succeeded"] == 20);
        await Eventually.HoldsAsync(() => Held == 0);
        foreach (var id in ids)
            await HistoryShouldBeAsync(id, "Enqueued", "Processing", "Succeeded");
        _lost.ShouldBe(2);
        _worker.Log.Lines.ShouldNotContain(line => line.Contains("too late"));
    }

    [Fact(Timeout = 60_000)]
    public async Task Of_a_failure_with_a_retry_the_retry_is_counted_once()
    {
        LoseAnswers(JobStates.Enqueued, 1);
        var id = await Client.EnqueueAsync(() => ScriptedJobs.FailUntilAsync(3, null!));

        (await Client.WaitAsync<int>(id, TimeSpan.FromSeconds(20))).ShouldBe(3);
        (await Client.GetAsync(id))!.Parameters["RetryCount"].ShouldBe("2");
        await HistoryShouldBeAsync(id, "Enqueued", "Processing", "Failed", "Enqueued", "Processing", "Failed", "Enqueued", "Processing", "Succeeded");
    }

    [Theory(Timeout = 60_000)]
    [InlineData(nameof(IWorkQueue.ClaimAsync))]
    [InlineData(nameof(IWorkQueue.ReleaseAsync))]
    [InlineData(nameof(IWorkQueue.Renew))]
    [InlineData(nameof(IServerRegistry.Announce))]
    public async Task Of_any_other_operation_no_job_is_lost(string operation)
    {
        var left = 5;
        _faults.After = (name, _) => name == operation && Interlocked.Decrement(ref left) >= 0 ? StoreFaults.Broken() : null;
        var ids = await Client.EnqueueManyAsync(Enumerable.Range(0, 20).Select(n => JobCall.Of(() => ScriptedJobs.EchoAsync($"{n}"))));
        if (operation == nameof(IWorkQueue.ClaimAsync))
            await Eventually.HoldsAsync(async () => (await _worker.Store.Reader.CountAsync(default)).Rescued > 0 || left < 0);

        foreach (var id in ids)
            await Client.WaitAsync(id, TimeSpan.FromSeconds(40));
    }

    void LoseAnswers(string state, int times) => _faults.After = (operation, arguments) =>
    {
        if (!StoreFaults.Writes(operation, arguments, state) || _lost >= times)
            return null;
        Interlocked.Increment(ref _lost);
        return StoreFaults.Broken();
    };

    async Task HistoryShouldBeAsync(long id, params string[] states) =>
        (await Client.GetAsync(id))!.History.Reverse().Select(state => state.Name).ShouldBe(states);
}

public sealed class InMemoryLostAnswerTests : LostAnswerTests
{
    protected override Task<IJobStore> StoreAsync() => Task.FromResult(WorkerHost.NewInMemoryStore());
}

public sealed class PostgresLostAnswerTests : LostAnswerTests
{
    protected override async Task<IJobStore> StoreAsync() => WorkerHost.NewPostgresStore(await PostgresFixture.CreateDatabaseAsync());
}
