using JobRunner.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace JobRunner.Worker;

/// <summary>All that a worker does besides running jobs, one short round each.</summary>
sealed class Housekeeping(
    IMaintenance maintenance, Executions executions, Committer committer, JobNotes notes, SignsOfLife life, RecurringScheduler recurring, WorkPoll poll,
    Fleet fleet, IOptions<WorkerOptions> options, TimeProvider time, ILogger<Housekeeping> logger)
{
    const int Batch = 1000;

    readonly AsyncAutoResetEvent _turn = AsyncAutoResetEvent.Signalled();

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
        new("look for what there is to do", poll.LookAsync, time, logger),
        new("enqueue scheduled jobs", EnqueueDueAsync, time, logger, poll.Scheduled),
        new("enqueue recurring jobs", recurring.EnqueueAsync, time, logger, poll.Recurring),
        InTurn("rescue jobs of dead workers", RescueAsync, Options.RescueAfter / 6),
        InTurn("release continuations", ReleaseAwaitingAsync, TimeSpan.FromSeconds(10)),
        InTurn("remove expired jobs", ExpireAsync, TimeSpan.FromMinutes(1)),
        InTurn("sum up counters", SumUpAsync, TimeSpan.FromSeconds(10)),
        InTurn("keep the history of executions", KeepHistoryAsync, TimeSpan.FromMinutes(1)),
    ];

    // In each interval one or two of a fleet do it, and others in the next, so whoever dies in its turn holds up nobody.
    Poller InTurn(string name, Func<TimeSpan, CancellationToken, Task<TimeSpan>> round, TimeSpan interval) => new(
        name, token => fleet.HasTurn(interval) ? round(interval, token) : Task.FromResult(interval), time, logger, turn: _turn);

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
    async Task<TimeSpan> ReleaseAwaitingAsync(TimeSpan interval, CancellationToken cancellationToken) =>
        await maintenance.ReleaseAwaitingAsync(5 * Batch, cancellationToken) == 0 ? interval : TimeSpan.FromMilliseconds(250);

    async Task<TimeSpan> RescueAsync(TimeSpan interval, CancellationToken cancellationToken)
    {
        var rescuer = life.Rescuer;
        var rescued = await maintenance.RescueAsync(Options.RescueAfter, rescuer, cancellationToken);
        if (rescued > 0)
            logger.Rescued(rescued);
        var orphans = await maintenance.RescueOrphansAsync(Options.RescueAfter, rescuer, cancellationToken);
        if (orphans > 0)
            logger.RescuedOrphans(orphans);
        return interval;
    }

    // While jobs end, counters are summed up often: whoever counts reads all that are left.
    async Task<TimeSpan> SumUpAsync(TimeSpan interval, CancellationToken cancellationToken) => await maintenance.SumUpAsync(10 * Batch, cancellationToken) switch
    {
        0 => TimeSpan.FromMinutes(1),
        < 10 * Batch => interval,
        _ => TimeSpan.Zero,
    };

    async Task<TimeSpan> KeepHistoryAsync(TimeSpan interval, CancellationToken cancellationToken) =>
        await maintenance.KeepHistoryAsync(cancellationToken) ? TimeSpan.FromHours(1) : interval;

    async Task<TimeSpan> ExpireAsync(TimeSpan interval, CancellationToken cancellationToken) =>
        await maintenance.ExpireAsync(Batch, cancellationToken) < Batch ? interval : TimeSpan.Zero;
}
