using JobRunner.Storage;

namespace JobRunner.Benchmarks;

/// <summary>When a worker claimed for the first time, how often in vain, and when so many jobs had succeeded. Several workers may share
/// one.</summary>
sealed class StoreWatch
{
    readonly Lock _lock = new();
    TaskCompletionSource<long> _reached = new();
    long _firstClaim;
    int _emptyClaims;
    int _succeeded;
    int _goal = int.MaxValue;

    /// <summary>The timestamp.</summary>
    public long FirstClaim => Volatile.Read(ref _firstClaim);

    /// <summary>How many claims have brought nothing.</summary>
    public int EmptyClaims => Volatile.Read(ref _emptyClaims);

    /// <summary>How many jobs have succeeded, and are committed.</summary>
    public int Succeeded => Volatile.Read(ref _succeeded);

    public void OnClaim()
    {
        if (FirstClaim == 0)
            Interlocked.CompareExchange(ref _firstClaim, TimeProvider.System.GetTimestamp(), 0);
    }

    /// <summary>Waits for so many. One may wait at a time.</summary>
    /// <returns>The timestamp of the commit.</returns>
    public Task<long> ReachAsync(int succeeded)
    {
        var reached = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
            (_goal, _reached) = (succeeded, reached);
        Look(0);
        return reached.Task;
    }

    public async Task<ClaimResult> CountAsync(Task<ClaimResult> claiming)
    {
        var claimed = await claiming;
        if (claimed.Jobs.Count == 0)
            Interlocked.Increment(ref _emptyClaims);
        return claimed;
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
