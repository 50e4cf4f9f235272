using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace JobRunner.Worker;

/// <summary>Outcomes of jobs that somebody else has locked, until they can be written. Who has the lock is done in a moment, or
/// died, and then the store takes the lock over after a while: so an outcome is never given up.</summary>
sealed class BusyOutcomes(TimeProvider time, ILogger logger)
{
    /// <summary>The pause between two tries.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    // Longer than Hangfire itself would wait.
    static readonly TimeSpan _worthTelling = TimeSpan.FromSeconds(15);

    readonly ConcurrentQueue<(Execution Execution, Outcome Outcome, long TriedAt)> _line = new();

    public int Count => _line.Count;

    /// <summary>Keeps what could not be written just now.</summary>
    public void Add(Execution execution, Outcome outcome)
    {
        var now = time.GetTimestamp();
        _line.Enqueue((execution, outcome, now));
        var waited = time.GetElapsedTime(execution.LockedSince ??= now, now);
        if (waited < _worthTelling || execution.ToldLocked)
            return;
        execution.ToldLocked = true;
        logger.LockedOutcome(execution.Job.JobId, waited.TotalSeconds);
    }

    /// <summary>Takes out what is worth another try. For one caller at a time.</summary>
    public void MoveDueTo(Dictionary<Execution, Outcome?> batch)
    {
        while (_line.TryPeek(out var wait) && time.GetElapsedTime(wait.TriedAt) >= Pause)
        {
            _line.TryDequeue(out _);
            batch[wait.Execution] = wait.Outcome;
        }
    }
}
