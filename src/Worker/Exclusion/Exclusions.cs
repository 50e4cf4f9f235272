using System.Security.Cryptography;
using JobRunner.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace JobRunner.Worker;

/// <summary>
/// Jobs that exclude each other. One whose resource is taken waits here: claimed and leased, but on no lane. A loop asks
/// for the locks of all that wait in one round trip, for each resource in the name of whoever came first; it starts those that get
/// theirs, and fails those whose time is over, as Hangfire does.
/// </summary>
sealed class Exclusions(
    IResourceLocks locks, Committer committer, ClaimWake claims, WorkerIdentity identity, IOptions<WorkerOptions> options, TimeProvider time, ILogger<Exclusions> logger) : IPlace
{
    // Hangfire's servers and other workers do not tell when they release a lock.
    static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(500);

    readonly Lock _lock = new();
    readonly List<Waiter> _waiting = [];
    readonly Dictionary<ResourceLock, Execution> _held = [];
    readonly List<ResourceLock> _ended = [];
    readonly SignalSlot _wake = new();
    readonly Outage _outage = new(logger, "take locks", time);
    long _left;

    public string Name => "exclusive";

    /// <summary>How many more may wait here.</summary>
    public int Room
    {
        get
        {
            lock (_lock)
                return Math.Max(0, Math.Max(1, options.Value.Backlog) - _waiting.Count);
        }
    }

    /// <summary>Starts the execution as soon as the resource is free.</summary>
    public void Add(Execution execution, string resource, TimeSpan timeout, Action start)
    {
        var wanted = new ResourceLock(resource, RandomNumberGenerator.GetInt32(2, int.MaxValue));
        lock (_lock)
            _waiting.Add(new(execution, wanted, timeout, time.GetTimestamp(), start));
        _wake.Set();
    }

    public long Ended => Interlocked.Read(ref _left);

    public IReadOnlyList<Execution> TakeExcess(int worthKeeping) => [];

    /// <summary>Takes away, at a stop, those that never began.</summary>
    public IReadOnlyList<Execution> TakeLine()
    {
        lock (_lock)
        {
            Execution[] waiting = [.. _waiting.Select(waiter => waiter.Execution)];
            _waiting.Clear();
            return waiting;
        }
    }

    public async Task RunAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            await _outage.TryAsync(RoundAsync, stopping);
            await _wake.PauseAsync(NextRound(), stopping);
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

    async Task RoundAsync()
    {
        await ReleaseAsync(CancellationToken.None);
        Waiter[] waiting;
        lock (_lock)
            waiting = [.. _waiting];
        var first = waiting.Where(waiter => waiter.Execution.StopReason is null).DistinctBy(waiter => waiter.Lock.Resource).ToArray();
        var wanted = first.Select(waiter => waiter.Lock).ToArray();
        var taken = (await locks.AcquireAsync(
            wanted, options.Value.RescueAfter, new(identity.ServerId, options.Value.Gap, []), CancellationToken.None)).ToHashSet();
        foreach (var waiter in first.Where(waiter => taken.Contains(waiter.Lock)))
            Start(waiter);
        foreach (var waiter in TakeDone(waiting))
            await EndAsync(waiter);
    }

    void Start(Waiter waiter)
    {
        lock (_lock)
        {
            if (!_waiting.Remove(waiter))
            {
                _ended.Add(waiter.Lock); // a stop took it away while its lock was asked for
                return;
            }

            _held.Add(waiter.Lock, waiter.Execution);
        }

        waiter.Execution.Ended = () => Release(waiter.Lock);
        waiter.Start();
        Interlocked.Increment(ref _left);
        claims.Freed();
    }

    void Release(ResourceLock held)
    {
        lock (_lock)
        {
            _held.Remove(held);
            _ended.Add(held);
        }

        _wake.Set();
    }

    // Of those whose locks were asked for: one that came meanwhile has had no chance yet.
    List<Waiter> TakeDone(Waiter[] asked)
    {
        lock (_lock)
            return [.. asked.Where(IsDone).Where(_waiting.Remove)];
    }

    bool IsDone(Waiter waiter) => waiter.Execution.StopReason is not null || Rest(waiter) <= TimeSpan.Zero;

    // Hangfire's server would have marked it as running before it asked for the lock: so it has begun.
    async Task EndAsync(Waiter waiter)
    {
        waiter.Execution.StartedAt = time.GetUtcNow();
        await committer.EndAsync(waiter.Execution, waiter.Execution.StopReason is { } reason
            ? Outcome.OfStop(reason)
            : new Outcome.Failed(EndReason.Exception, LockTimeout(waiter.Lock.Resource)));
        claims.Freed();
    }

    static ExceptionInfo LockTimeout(string resource)
    {
        const string type = "Hangfire.Storage.DistributedLockTimeoutException";
        var message = $"Timeout expired. The timeout elapsed prior to obtaining a distributed lock on the '{resource}' resource.";
        return new(type, message, $"{type}: {message}", typeof(TimeoutException).FullName);
    }

    TimeSpan NextRound()
    {
        lock (_lock)
        {
            if (_ended.Count > 0)
                return _pause;
            if (_waiting.Count == 0)
                return Timeout.InfiniteTimeSpan;
            var soonest = _waiting.Min(Rest);
            return soonest < TimeSpan.Zero ? TimeSpan.Zero : soonest < _pause ? soonest : _pause;
        }
    }

    TimeSpan Rest(Waiter waiter) => waiter.Timeout - time.GetElapsedTime(waiter.Since);

    sealed record Waiter(Execution Execution, ResourceLock Lock, TimeSpan Timeout, long Since, Action Start);
}
