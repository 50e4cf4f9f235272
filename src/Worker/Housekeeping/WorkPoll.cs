using JobRunner.Storage;
using Microsoft.Extensions.Options;

namespace JobRunner.Worker;

/// <summary>The poll of the store, which is all that an idle worker does, at each poll interval or when its share of the fleet's polls is due: it
/// says who has something to do.</summary>
sealed class WorkPoll(IWorkQueue queue, Claimer claimer, Fleet fleet, WorkerIdentity identity, IOptions<WorkerOptions> options)
{
    readonly LookRequest _request = new(claimer.Queues) { ServerId = identity.ServerId, Gap = options.Value.Gap };

    /// <summary>Signalled when a scheduled job is due.</summary>
    public AsyncAutoResetEvent Scheduled { get; } = new();

    /// <summary>Signalled when a recurring job is due.</summary>
    public AsyncAutoResetEvent Recurring { get; } = new();

    /// <returns>How long to wait for the next look: less when something will be due before.</returns>
    public async Task<TimeSpan> LookAsync(CancellationToken cancellationToken)
    {
        var outlook = await queue.LookAsync(_request, cancellationToken);
        fleet.See(outlook.Place);
        claimer.Found(outlook.Waiting);
        var interval = fleet.UntilLook(options.Value.PollInterval);
        foreach (var (next, signal) in new[] { (outlook.NextScheduled, Scheduled), (outlook.NextRecurring, Recurring) })
        {
            if (next <= TimeSpan.Zero)
                signal.Set(); // what is still due at the next look, because somebody else is at it, can wait for that
            else if (next < interval && fleet.IsDrawn())
                interval = next.Value;
        }

        return interval;
    }
}
