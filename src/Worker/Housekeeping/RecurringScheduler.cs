using JobRunner.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace JobRunner.Worker;

/// <summary>Enqueues recurring jobs when they are due, together with all other workers, and with Hangfire's servers.</summary>
sealed class RecurringScheduler(
    IJobStore store, JobMethods methods, QueueRule queues, JobRunnerOptions settings, IOptions<WorkerOptions> options,
    ILogger<RecurringScheduler> logger)
{
    const int MostRemembered = 10_000;

    // What Hangfire's servers allow with their own default of 15 s between two looks. Ours look each second, and a worker that
    // restarts, or a server that is busy for some seconds, must not cost an occurrence or disable a job.
    static readonly TimeSpan _leastTolerance = TimeSpan.FromSeconds(30);
    static readonly TimeSpan _leastRetryDelay = TimeSpan.FromSeconds(15);

    readonly HashSet<string> _foreign = new(StringComparer.Ordinal);

    /// <summary>One round.</summary>
    /// <returns>How long to wait for the next one: until something is due, but no longer than the interval, because others may
    /// add what is due earlier.</returns>
    public async Task<TimeSpan> EnqueueAsync(CancellationToken cancellationToken)
    {
        var interval = options.Value.SchedulePollInterval;
        var rules = new RecurringRules(CanRun, Longer(interval * 2, _leastTolerance), Longer(interval, _leastRetryDelay))
        {
            QueueOf = queues.Of,
            Level = settings.CompatibilityLevel,
        };
        var round = await store.EnqueueRecurringAsync(rules, cancellationToken);
        return round.NextIn < interval ? round.NextIn.Value : interval;
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

    static TimeSpan Longer(TimeSpan a, TimeSpan b) => a > b ? a : b;
}
