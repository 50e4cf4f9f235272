using JobRunner.Sandbox;
using JobRunner.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace JobRunner.Worker;

/// <summary>All that a worker does besides running jobs, one short round each.</summary>
sealed class Housekeeping(
    IJobStore store, Executions executions, Exclusions exclusions, Committer committer, JobNotes notes, WorkerLanes lanes,
    WorkerIdentity identity, RecurringScheduler recurring, Lookout lookout, ISandboxPool pool,
    IOptions<WorkerOptions> options, IOptions<SandboxOptions> sandboxOptions, TimeProvider time, ILogger<Housekeeping> logger)
{
    const int Batch = 1000;
    static readonly TimeSpan _secondLook = TimeSpan.FromMilliseconds(250);

    // Leases that are renewed are older: under load nearly all jobs end before that.
    static readonly TimeSpan _young = TimeSpan.FromMilliseconds(500);

    readonly DateTimeOffset _startedAt = time.GetUtcNow();
    readonly SignalSlot _turn = SignalSlot.Signalled();

    WorkerOptions Options => options.Value;

    /// <summary>What goes on until all jobs have ended: leases, marks, notes, the sign of life.</summary>
    public IEnumerable<Poller> WhileJobsRun =>
    [
        new("announce this worker", AnnounceAsync, time, logger),
        new("renew leases", RenewAsync, time, logger),
        new("keep locks", KeepLocksAsync, time, logger),
        new("mark running jobs", MarkAsync, time, logger),
        new("store logs and progress", WriteNotesAsync, time, logger),
    ];

    /// <summary>What this worker does for all, and stops doing first.</summary>
    public IEnumerable<Poller> ForAll =>
    [
        new("look for what there is to do", lookout.LookAsync, time, logger),
        new("enqueue scheduled jobs", EnqueueDueAsync, time, logger, lookout.Scheduled),
        new("enqueue recurring jobs", recurring.EnqueueAsync, time, logger, lookout.Recurring),
        new("rescue jobs of dead workers", RescueAsync, time, logger, turn: _turn),
        new("release continuations", ReleaseAwaitingAsync, time, logger, turn: _turn),
        new("remove expired jobs", ExpireAsync, time, logger, turn: _turn),
    ];

    public async Task<TimeSpan> AnnounceAsync(CancellationToken cancellationToken)
    {
        var server = new ServerInfo(identity.ServerId, Options.Groups.Names, lanes.Capacity, _startedAt, default) { Sandboxes = Sandboxes() };
        await store.AnnounceAsync(server, cancellationToken);
        return Options.HeartbeatInterval;
    }

    ServerSandboxes Sandboxes()
    {
        var states = pool.Sandboxes.CountBy(sandbox => sandbox.State).ToDictionary();
        return new(pool.LimitsInForce, states.GetValueOrDefault(SandboxState.Busy), states.GetValueOrDefault(SandboxState.Idle), sandboxOptions.Value.Maximum);
    }

    async Task<TimeSpan> RenewAsync(CancellationToken cancellationToken)
    {
        var doubtful = false;
        foreach (var chunk in executions.All.Where(execution => time.GetElapsedTime(execution.ClaimedAt) > _young).ToArray().Chunk(Batch))
        {
            var lost = (await store.RenewAsync([.. chunk.Select(execution => execution.Lease)], cancellationToken)).ToHashSet();
            foreach (var execution in chunk)
                doubtful |= LooksLost(execution, lost.Contains(execution.Job.Claim));
        }

        return doubtful && _secondLook < Options.LeaseInterval ? _secondLook : Options.LeaseInterval;
    }

    async Task<TimeSpan> KeepLocksAsync(CancellationToken cancellationToken)
    {
        await exclusions.RefreshAsync(cancellationToken);
        return Options.LeaseInterval;
    }

    async Task<TimeSpan> MarkAsync(CancellationToken cancellationToken)
    {
        var due = time.GetUtcNow() - Options.ProcessingDelay;
        foreach (var execution in executions.All)
        {
            if (!execution.IsMarked && execution.StartedAt <= due)
                committer.Mark(execution);
        }

        await Task.CompletedTask;
        return TimeSpan.FromMilliseconds(100);
    }

    async Task<TimeSpan> WriteNotesAsync(CancellationToken cancellationToken)
    {
        await notes.FlushAsync(cancellationToken);
        return TimeSpan.FromMilliseconds(250);
    }

    async Task<TimeSpan> EnqueueDueAsync(CancellationToken cancellationToken) =>
        await store.EnqueueDueAsync(time.GetUtcNow(), Batch, cancellationToken) < Batch ? Timeout.InfiniteTimeSpan : TimeSpan.Zero;

    // What waits here wrongly is rare: its parent's worker died, or a client is still making it.
    async Task<TimeSpan> ReleaseAwaitingAsync(CancellationToken cancellationToken) =>
        await store.ReleaseAwaitingAsync(5 * Batch, cancellationToken) == 0 ? TimeSpan.FromSeconds(10) : TimeSpan.FromMilliseconds(250);

    async Task<TimeSpan> RescueAsync(CancellationToken cancellationToken)
    {
        var rescued = await store.RescueAsync(Options.RescueAfter, cancellationToken);
        if (rescued > 0)
            logger.Rescued(rescued);
        return Options.RescueAfter / 3;
    }

    async Task<TimeSpan> ExpireAsync(CancellationToken cancellationToken) =>
        await store.ExpireAsync(Batch, cancellationToken) < Batch ? TimeSpan.FromMinutes(1) : TimeSpan.Zero;

    /// <returns>True when it seems to be lost for the first time: its state may have been written between the reading of the
    /// lease and the answer, so another look has to say the same.</returns>
    bool LooksLost(Execution execution, bool lost)
    {
        var before = execution.LostOnce;
        execution.LostOnce = lost;
        if (!lost || !before)
            return lost;
        if (execution.StopReason is null)
            logger.LostJob(execution.Job.JobId);
        execution.Stop(EndReason.Cancelled);
        return false;
    }
}
