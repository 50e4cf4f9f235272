using JobRunner.Storage;

namespace JobRunner.InMemory;

/// <summary>Who holds which resource, and when that was last told.</summary>
sealed class InMemoryLocks(InMemoryState state, InMemoryServers servers) : IResourceLocks
{
    readonly Dictionary<string, (int Token, DateTimeOffset RefreshedAt)> _locks = new(StringComparer.Ordinal);

    public Task<IReadOnlyList<ResourceLock>> AcquireAsync(
        IReadOnlyList<ResourceLock> locks, TimeSpan silence, Rescuer? rescuer, CancellationToken cancellationToken)
    {
        lock (state.Lock)
        {
            var limit = servers.MayRescue(rescuer, silence) ? silence : TimeSpan.MaxValue;
            return Task.FromResult<IReadOnlyList<ResourceLock>>([.. locks.Where(wanted => Acquire(wanted, limit))]);
        }
    }

    public IReadOnlyList<ResourceLock> Refresh(IReadOnlyList<ResourceLock> locks)
    {
        lock (state.Lock)
        {
            foreach (var held in locks.Where(Holds))
                _locks[held.Resource] = (held.Token, state.Now);
            return [.. locks.Where(held => !Holds(held))];
        }
    }

    public Task ReleaseAsync(IReadOnlyList<ResourceLock> locks, CancellationToken cancellationToken)
    {
        lock (state.Lock)
        {
            foreach (var held in locks.Where(Holds))
                _locks.Remove(held.Resource);
        }

        return Task.CompletedTask;
    }

    bool Acquire(ResourceLock wanted, TimeSpan silence)
    {
        if (_locks.TryGetValue(wanted.Resource, out var held) && held.Token != wanted.Token && state.Now - held.RefreshedAt <= silence)
            return false;
        _locks[wanted.Resource] = (wanted.Token, state.Now);
        return true;
    }

    bool Holds(ResourceLock held) => _locks.TryGetValue(held.Resource, out var known) && known.Token == held.Token;
}
