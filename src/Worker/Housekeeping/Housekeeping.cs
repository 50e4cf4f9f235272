using JobRunner.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace JobRunner.Worker;

/// <summary>All that a worker does besides running jobs, one short round each.</summary>
sealed class Housekeeping(
    IMaintenance maintenance, Executions executions, Committer committer, JobNotes notes, SignsOfLife life, RecurringScheduler recurring, Lookout lookout,
    IOptions<WorkerOptions> options, TimeProvider time, ILogger<Housekeeping> logger)
{
    const int Batch = 1000;

    readonly SignalSlot _turn = SignalSlot.Signalled();

    WorkerOptions Options => options.Value;

    /// <summary>What goes on until all jobs have ended, besides the signs of life.</summary>
    public IEnumerable<Poller> WhileJobsRun =>
    [
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
        new("keep the history of executions", KeepHistoryAsync, time, logger, turn: _turn),
    ];

    async Task<TimeSpan> MarkAsync(CancellationToken cancellationToken)
    {
        var due = time.GetUtcNow() - Options.ProcessingDelay;
        foreach (var execution in executions.All)
        {
            if (execution is { IsMarked: false, HasEnded: false } && execution.StartedAt <= due)
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
        await maintenance.EnqueueDueAsync(Batch, cancellationToken) < Batch ? Timeout.InfiniteTimeSpan : TimeSpan.Zero;

    // What waits here wrongly is rare: its parent's worker died, or a client is still making it.
    async Task<TimeSpan> ReleaseAwaitingAsync(CancellationToken cancellationToken) =>
        await maintenance.ReleaseAwaitingAsync(5 * Batch, cancellationToken) == 0 ? TimeSpan.FromSeconds(10) : TimeSpan.FromMilliseconds(250);

    async Task<TimeSpan> RescueAsync(CancellationToken cancellationToken)
    {
        var rescuer = life.Rescuer;
        var rescued = await maintenance.RescueAsync(Options.RescueAfter, rescuer, cancellationToken);
        if (rescued > 0)
            logger.Rescued(rescued);
        var orphans = await maintenance.RescueOrphansAsync(Options.RescueAfter, rescuer, cancellationToken);
        if (orphans > 0)
            logger.RescuedOrphans(orphans);
        return Options.RescueAfter / 6;
    }

    async Task<TimeSpan> KeepHistoryAsync(CancellationToken cancellationToken) =>
        await maintenance.KeepHistoryAsync(cancellationToken) ? TimeSpan.FromHours(1) : TimeSpan.FromMinutes(1);

    async Task<TimeSpan> ExpireAsync(CancellationToken cancellationToken) =>
        await maintenance.ExpireAsync(Batch, cancellationToken) < Batch ? TimeSpan.FromMinutes(1) : TimeSpan.Zero;
}
