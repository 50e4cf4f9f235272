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

    readonly ResourceLines _lines = new(Math.Max(1, options.Value.Backlog), options.Value.PayloadLimit / 4, time);
    readonly HeldLocks _held = new(locks, logger);
    readonly AsyncAutoResetEvent _wake = new();
    readonly StoreRetry _retry = new(logger, "take locks", time);
    long _left;

    public string Name => "exclusive";

    public int Room => _lines.Room;

    public bool IsCrowded => _lines.IsCrowded;

    public long Ended => Interlocked.Read(ref _left);

    public bool TakesAgain() => _lines.TakesAgain();

    /// <inheritdoc cref="ResourceLines.Takes"/>
    public bool Takes(string resource) => _lines.Takes(resource);

    /// <inheritdoc cref="ResourceLines.IsFull"/>
    public bool IsFull(string resource) => _lines.IsFull(resource);

    /// <summary>Starts the execution as soon as the resource is free.</summary>
    public void Add(Execution execution, string resource, TimeSpan timeout, Action start)
    {
        _lines.Add(new(execution, new(resource, RandomNumberGenerator.GetInt32(2, int.MaxValue)), timeout, start));
        _wake.Set();
    }

    public IReadOnlyList<Execution> TakeExcess(int worthKeeping) => [];

    /// <summary>Takes away, at a stop, those that never began.</summary>
    public IReadOnlyList<Execution> TakeLine() => _lines.Clear();

    public async Task RunAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            await _retry.TryAsync(RoundAsync, stopping);
            await _wake.PauseAsync(_held.HasEnded ? _pause : _lines.RestWithin(_pause), stopping);
        }
    }

    /// <inheritdoc cref="HeldLocks.Refresh"/>
    public void Refresh() => _held.Refresh();

    /// <inheritdoc cref="HeldLocks.ReleaseAsync"/>
    public Task ReleaseAsync(CancellationToken cancellationToken) => _held.ReleaseAsync(cancellationToken);

    async Task RoundAsync()
    {
        await ReleaseAsync(CancellationToken.None);
        var (waiting, next) = _lines.Look();
        var taken = (await locks.AcquireAsync(
            [.. next.Select(entry => entry.Lock)], options.Value.RescueAfter, new(identity.ServerId, options.Value.Gap, []), CancellationToken.None)).ToHashSet();
        foreach (var entry in next)
        {
            if (taken.Contains(entry.Lock))
                Start(entry);
            else
                _lines.Tell(entry.Lock.Resource, line => line.Contended());
        }

        // Of those that waited before: one that came meanwhile has had no chance yet.
        foreach (var entry in waiting.Where(IsDone).Where(Leave))
            await EndAsync(entry);
    }

    void Start(LineEntry entry)
    {
        if (!Leave(entry))
        {
            _held.End(entry.Lock); // a stop took it away while its lock was asked for
            return;
        }

        _lines.Tell(entry.Lock.Resource, line => line.Taken());
        _held.Add(entry.Lock, entry.Execution);
        entry.Execution.Ended = () => Release(entry.Lock);
        entry.Start();
        Interlocked.Increment(ref _left);
        claims.Freed();
    }

    void Release(ResourceLock held)
    {
        _held.End(held);
        _lines.Tell(held.Resource, line => line.Released());
        _wake.Set();
    }

    bool IsDone(LineEntry entry) => entry.Execution.StopReason is not null || entry.Rest(time) <= TimeSpan.Zero;

    bool Leave(LineEntry entry)
    {
        var isThere = _lines.TryRemove(entry, out var reopened);
        if (reopened)
            claims.News();
        return isThere;
    }

    // Hangfire's server would have marked it as running before it asked for the lock: so it has begun.
    async Task EndAsync(LineEntry entry)
    {
        entry.Execution.StartedAt = time.GetUtcNow();
        await committer.EndAsync(entry.Execution, entry.Execution.StopReason is { } reason
            ? Outcome.OfStop(reason)
            : new Outcome.Failed(EndReason.Exception, LockTimeout(entry.Lock.Resource)));
        claims.Freed();
    }

    static ExceptionInfo LockTimeout(string resource)
    {
        const string type = "Hangfire.Storage.DistributedLockTimeoutException";
        var message = $"Timeout expired. The timeout elapsed prior to obtaining a distributed lock on the '{resource}' resource.";
        return new(type, message, $"{type}: {message}", typeof(TimeoutException).FullName);
    }
}
