using JobRunner.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace JobRunner.Worker;

/// <summary>
/// Takes jobs off the queues: as many as there is room for, in one round trip, and a full claim is followed by another
/// at once. Otherwise it sleeps until a slot is free, somebody tells of new jobs, or the poll interval is over.
/// </summary>
sealed class Claimer(
    IJobStore store, Dispatcher dispatcher, ForeignJobs foreign, SignalSlot wake, IOptions<WorkerOptions> options, TimeProvider time, ILogger<Claimer> logger)
{
    const int MaxClaim = 1000;

    readonly Outage _outage = new(logger, "claim jobs", time);

    /// <summary>The loop. The token ends claiming, never a claim that is under way: its jobs would be held by nobody.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        var queues = options.Value.ServedQueues;
        while (!stopping.IsCancellationRequested)
        {
            var room = Math.Min(dispatcher.Room, MaxClaim);
            var claimed = 0;
            if (room > 0 && !await _outage.TryAsync(async () => claimed = await ClaimAsync(queues, room), stopping))
                continue;
            if (room == 0 || claimed < room)
                await wake.WaitAsync(options.Value.PollInterval, stopping).ContinueWith(static _ => { }, TaskScheduler.Default);
        }
    }

    async Task<int> ClaimAsync(IReadOnlyList<string> queues, int room)
    {
        var jobs = await store.ClaimAsync(queues, room, foreign.Types, CancellationToken.None);
        foreach (var job in jobs)
        {
            if (foreign.Leaves(job))
                dispatcher.GiveBack(job);
            else
                dispatcher.Dispatch(job);
        }

        return jobs.Count;
    }
}
