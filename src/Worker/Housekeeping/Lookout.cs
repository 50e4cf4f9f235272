using JobRunner.Storage;
using Microsoft.Extensions.Options;

namespace JobRunner.Worker;

/// <summary>The one look that an idle worker takes at the store, at each poll interval: it says who has something to do.</summary>
sealed class Lookout(IWorkQueue queue, Claimer claimer, IOptions<WorkerOptions> options)
{
    readonly IReadOnlyList<string> _queues = claimer.Queues;

    /// <summary>Signalled when a scheduled job is due.</summary>
    public AsyncAutoResetEvent Scheduled { get; } = new();

    /// <summary>Signalled when a recurring job is due.</summary>
    public AsyncAutoResetEvent Recurring { get; } = new();

    /// <returns>How long to wait for the next look: less than the interval when something will be due before.</returns>
    public async Task<TimeSpan> LookAsync(CancellationToken cancellationToken)
    {
        var outlook = await queue.LookAsync(_queues, cancellationToken);
        claimer.Found(outlook.Waiting);
        var interval = options.Value.PollInterval;
        foreach (var (next, signal) in new[] { (outlook.NextScheduled, Scheduled), (outlook.NextRecurring, Recurring) })
        {
            if (next <= TimeSpan.Zero)
                signal.Set(); // what is still due at the next look, because somebody else is at it, can wait for that
            else if (next < interval)
                interval = next.Value;
        }

        return interval;
    }
}
