using JobRunner.Storage;
using Microsoft.Extensions.Logging;

namespace JobRunner.Worker;

/// <summary>The locks that jobs of this worker have, until they are given back. Thread-safe.</summary>
sealed class HeldLocks(IResourceLocks locks, ILogger logger)
{
    readonly Lock _lock = new();
    readonly Dictionary<ResourceLock, Execution> _held = [];
    readonly List<ResourceLock> _ended = [];

    /// <summary>True when some are to be given back.</summary>
    public bool HasEnded
    {
        get
        {
            lock (_lock)
                return _ended.Count > 0;
        }
    }

    public void Add(ResourceLock held, Execution execution)
    {
        lock (_lock)
            _held.Add(held, execution);
    }

    /// <summary>Notes that a lock is to be given back.</summary>
    public void End(ResourceLock held)
    {
        lock (_lock)
        {
            _held.Remove(held);
            _ended.Add(held);
        }
    }

    /// <summary>Keeps the locks of running jobs. A run that has lost its lock is stopped, because another one may begin beside it, and its
    /// job waits for the lock anew.</summary>
    public void Refresh()
    {
        ResourceLock[] held;
        lock (_lock)
            held = [.. _held.Keys];
        foreach (var lost in locks.Refresh(held))
        {
            Execution? execution;
            lock (_lock)
            {
                if (!_held.Remove(lost, out execution))
                    continue; // it ended meanwhile
            }

            logger.LostLock(lost.Resource, execution.Job.JobId);
            execution.Stop(EndReason.LostLock);
        }
    }

    /// <summary>Gives back the locks of runs that ended.</summary>
    public async Task ReleaseAsync(CancellationToken cancellationToken)
    {
        ResourceLock[] ended;
        lock (_lock)
            ended = [.. _ended];
        if (ended.Length == 0)
            return;
        await locks.ReleaseAsync(ended, cancellationToken);
        lock (_lock)
            _ended.RemoveAll(ended.Contains);
    }
}
