using System.Collections.Concurrent;
using JobRunner.Storage;
using JobRunner.TestSupport;
using Microsoft.Extensions.DependencyInjection;

namespace JobRunner.Worker.Tests.Faults;

/// <summary>What a worker tells of itself when it can tell only some of it.</summary>
public sealed class SignsOfLifeTests
{
    static readonly TimeSpan _patience = TimeSpan.FromSeconds(20);

    [Fact(Timeout = 60_000)]
    public async Task A_store_that_is_slow_to_take_the_first_announcement_does_not_end_the_start()
    {
        var announcements = 0;
        var faults = new StoreFaults
        {
            Before = (operation, _) => operation == nameof(IServerRegistry.Announce) && ++announcements < 3 ? StoreFaults.Broken() : null,
        };
        var store = faults.Around(WorkerHost.NewInMemoryStore());

        await using var worker = await WorkerHost.StartAsync(builder => builder.Services.AddSingleton(store));

        announcements.ShouldBeGreaterThanOrEqualTo(3);
        await worker.Client.WaitAsync(await worker.Client.EnqueueAsync(() => ScriptedJobs.EchoAsync("it runs")), _patience);
    }

    [Fact(Timeout = 60_000)]
    public async Task While_leases_cannot_be_renewed_a_worker_lives_and_counts_as_heard_from_then_on_alone()
    {
        var gaps = new ConcurrentQueue<TimeSpan>();
        var isFull = false;
        var faults = new StoreFaults
        {
            Before = (operation, arguments) =>
            {
                if (operation == nameof(IServerRegistry.Announce))
                    gaps.Enqueue((TimeSpan)arguments[1]!);
                return isFull && operation == nameof(IWorkQueue.Renew) ? new IOException("No space left on device, says the test.") : null;
            },
        };
        var store = faults.Around(WorkerHost.NewInMemoryStore());
        await using var worker = await WorkerHost.StartAsync(
            builder => builder.Services.AddSingleton(store), options => options.HeartbeatInterval = TimeSpan.FromMilliseconds(100));
        var id = await worker.Client.EnqueueAsync(() => ScriptedJobs.WaitAtGateAsync("while leases cannot be renewed", default));
        await Gates.Of("while leases cannot be renewed").Begun.Task;
        await Eventually.HoldsAsync(() => gaps.Count > 10, _patience);
        gaps.ShouldAllBe(gap => gap > TimeSpan.Zero);

        isFull = true;
        await Eventually.HoldsAsync(() => gaps.TakeLast(3).All(gap => gap == TimeSpan.Zero), _patience);
        isFull = false;
        await Eventually.HoldsAsync(() => gaps.TakeLast(3).All(gap => gap > TimeSpan.Zero), _patience);

        Gates.Of("while leases cannot be renewed").Opened.SetResult();
        await worker.Client.WaitAsync(id, _patience);
    }
}
