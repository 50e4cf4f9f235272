using System.Diagnostics;
using JobRunner.Storage;
using JobRunner.TestSupport;
using Microsoft.Extensions.DependencyInjection;

namespace JobRunner.Worker.Tests.Faults;

/// <summary>A stop ends in time whatever the store does, and what had succeeded is not given back.</summary>
public sealed class StopWithoutStoreTests : IAsyncLifetime
{
    readonly IJobStore _store = WorkerHost.NewInMemoryStore();
    readonly StoreFaults _faults = new();
    readonly TaskCompletionSource _back = new();
    WorkerHost _worker = null!;

    public async Task InitializeAsync() => _worker = await WorkerHost.StartAsync(
        builder => builder.Services.AddSingleton(_faults.Around(_store)), options =>
        {
            options.ShutdownGrace = TimeSpan.FromSeconds(2);
            options.CancelGrace = TimeSpan.FromSeconds(1);
        });

    public async Task DisposeAsync()
    {
        _back.TrySetResult();
        await _worker.DisposeAsync();
    }

    [Theory(Timeout = 60_000)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task It_ends_in_time_when_the_store_is_gone_or_does_not_answer(bool silent)
    {
        var gate = $"stop, store gone {silent}";
        var waiting = await _worker.Client.EnqueueAsync(() => ScriptedJobs.WaitAtGateAsync(gate, default));
        await Gates.Of(gate).Begun.Task;
        if (silent)
            _faults.Delay = _ => _back.Task;
        else
            _faults.Before = (_, _) => StoreFaults.Broken();

        var started = Stopwatch.GetTimestamp();
        await _worker.StopAsync();

        // The graces, and what a stop gives the store.
        Stopwatch.GetElapsedTime(started).ShouldBeLessThan(TimeSpan.FromSeconds(20));
        (await _store.Reader.GetAsync(waiting, default))!.State!.Name.ShouldBeOneOf("Enqueued", "Processing");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_job_that_had_succeeded_stays_so_when_the_store_comes_back_during_the_stop()
    {
        var gate = "stop, succeeded";
        var id = await _worker.Client.EnqueueAsync(() => ScriptedJobs.WaitAtGateAsync(gate, default));
        await Gates.Of(gate).Begun.Task;
        await Eventually.HoldsAsync(async () => (await _store.Reader.GetAsync(id, default))!.State!.Name == "Processing");
        var tries = 0;
        _faults.Before = (operation, _) =>
        {
            if (operation == nameof(IWorkQueue.ApplyAsync))
                tries++;
            return _back.Task.IsCompleted ? null : StoreFaults.Broken();
        };
        Gates.Of(gate).Opened.SetResult();
        await Eventually.HoldsAsync(() => tries > 1);

        var stopping = _worker.StopAsync();
        await Eventually.HoldsAsync(() => tries > 4, TimeSpan.FromSeconds(20));
        _back.SetResult();
        await stopping;

        (await _store.Reader.GetAsync(id, default))!.State!.Name.ShouldBe("Succeeded");
        Gates.Of(gate).Times.ShouldBe(1);
    }
}
