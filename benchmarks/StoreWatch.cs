using JobRunner.Storage;

namespace JobRunner.Benchmarks;

/// <summary>When a worker claimed for the first time, and when so many jobs had succeeded.</summary>
sealed class StoreWatch
{
    readonly Lock _lock = new();
    readonly TaskCompletionSource<long> _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    long _firstClaim;
    int _succeeded;
    int _goal = int.MaxValue;

    /// <summary>The timestamp.</summary>
    public long FirstClaim => Volatile.Read(ref _firstClaim);

    /// <summary>How many jobs have succeeded, and are committed.</summary>
    public int Succeeded => Volatile.Read(ref _succeeded);

    public void OnClaim()
    {
        if (FirstClaim == 0)
            Interlocked.CompareExchange(ref _firstClaim, TimeProvider.System.GetTimestamp(), 0);
    }

    /// <summary>Waits for so many.</summary>
    /// <returns>The timestamp of the commit.</returns>
    public Task<long> ReachAsync(int succeeded)
    {
        lock (_lock)
            _goal = succeeded;
        Look(0);
        return _reached.Task;
    }

    public async Task<AppliedChanges> CountAsync(IReadOnlyList<StateChange> changes, Task<AppliedChanges> applying)
    {
        var applied = await applying;
        Look(changes.Where((change, i) => change.States[^1].Name == JobStates.Succeeded && applied[i] is not null).Count());
        return applied;
    }

    void Look(int more)
    {
        lock (_lock)
        {
            _succeeded += more;
            if (_succeeded >= _goal)
                _reached.TrySetResult(TimeProvider.System.GetTimestamp());
        }
    }
}
