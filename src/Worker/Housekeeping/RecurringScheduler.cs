using JobRunner.Storage;
using Microsoft.Extensions.Logging;

namespace JobRunner.Worker;

/// <summary>Enqueues recurring jobs when they are due, together with all other workers, and with Hangfire's servers.</summary>
sealed class RecurringScheduler(
    IRecurringStore store, JobMethods methods, QueueRule queues, Fleet fleet, JobRunnerOptions settings, TimeProvider time,
    ILogger<RecurringScheduler> logger)
{
    const int MostRemembered = 10_000;

    // What Hangfire's servers allow with their own default of 15 s between two looks. Ours look more often, and a worker that
    // restarts, or a server that is busy for some seconds, must not cost an occurrence or disable a job.
    static readonly TimeSpan _tolerance = TimeSpan.FromSeconds(30);
    static readonly TimeSpan _retryDelay = TimeSpan.FromSeconds(15);

    readonly HashSet<string> _foreign = new(StringComparer.Ordinal);
    readonly RecurringMemory _memory = new(time);

    /// <summary>One round.</summary>
    /// <returns>How long to wait for the next one: until something is due, unless others of the fleet do. What is due earlier, or what
    /// nobody waits for, the poll sees.</returns>
    public async Task<TimeSpan> EnqueueAsync(CancellationToken cancellationToken)
    {
        var rules = new RecurringRules(CanRun, _tolerance, _retryDelay)
        {
            QueueOf = queues.Of,
            Memory = _memory,
            Level = settings.CompatibilityLevel,
        };
        var round = await store.EnqueueDueAsync(rules, cancellationToken);
        return round.NextIn is { } next && fleet.IsDrawn() ? next : Timeout.InfiniteTimeSpan;
    }

    // A call that is not known here may be another service's, or a newer version's of this one. Hangfire's servers make such
    // a recurring job an error, and after some turns disable it for everybody.
    bool CanRun(Invocation call)
    {
        var key = $"{call.Type}\n{call.Method}\n{string.Join('\n', call.ParameterTypes)}";
        if (_foreign.Contains(key))
            return false;
        try
        {
            methods.Find(call);
            return true;
        }
        catch (JobLoadException e)
        {
            if (_foreign.Count == MostRemembered)
                _foreign.Clear();
            _foreign.Add(key);
            logger.RecurringLeftToOthers(call.DisplayName, e.Message);
            return false;
        }
    }
}
