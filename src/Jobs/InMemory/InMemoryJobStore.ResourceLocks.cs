using JobRunner.Storage;

namespace JobRunner.InMemory;

sealed partial class InMemoryJobStore
{
    readonly Dictionary<string, (int Token, DateTimeOffset RefreshedAt)> _locks = new(StringComparer.Ordinal);

    public Task<IReadOnlyList<ResourceLock>> AcquireLocksAsync(
        IReadOnlyList<ResourceLock> locks, TimeSpan silence, Rescuer? rescuer, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            var now = time.GetUtcNow();
            return Task.FromResult<IReadOnlyList<ResourceLock>>([.. locks.Where(wanted => Acquire(wanted, now, MayRescue(rescuer, now, silence) ? silence : TimeSpan.MaxValue))]);
        }
    }

    public IReadOnlyList<ResourceLock> RefreshLocks(IReadOnlyList<ResourceLock> locks)
    {
        lock (_lock)
        {
            foreach (var held in locks.Where(Holds))
                _locks[held.Resource] = (held.Token, time.GetUtcNow());
            return [.. locks.Where(held => !Holds(held))];
        }
    }

    public Task ReleaseLocksAsync(IReadOnlyList<ResourceLock> locks, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            foreach (var held in locks.Where(Holds))
                _locks.Remove(held.Resource);
        }

        return Task.CompletedTask;
    }

    bool Acquire(ResourceLock wanted, DateTimeOffset now, TimeSpan silence)
    {
        if (_locks.TryGetValue(wanted.Resource, out var held) && held.Token != wanted.Token && now - held.RefreshedAt <= silence)
            return false;
        _locks[wanted.Resource] = (wanted.Token, now);
        return true;
    }

    bool Holds(ResourceLock held) => _locks.TryGetValue(held.Resource, out var known) && known.Token == held.Token;
}
