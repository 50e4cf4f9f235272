namespace JobRunner.Storage;

/// <summary>
/// What a worker knows of the recurring jobs that are due and that it leaves to others: they stay due, and a round need not look at all of them again.
/// A hint, which a store may pass over. Once a minute everything is looked at: a recurring job may have become one that this worker knows,
/// or have been given an instant in the past.
/// </summary>
/// <remarks>Of one worker, and used by one round at a time. Scores are Unix seconds by the store's clock.</remarks>
public sealed class RecurringMemory(TimeProvider time)
{
    const int Most = 10_000;

    // What was due already may still be written by a client that is slow, or whose clock is behind.
    const double Overlap = 30;
    static readonly TimeSpan _all = TimeSpan.FromMinutes(1);

    readonly HashSet<(string Id, double Score)> _left = [];
    long? _allSeenAt;
    double _seenTo;
    bool _isAll;

    /// <summary>Begins a round.</summary>
    /// <returns>The score from which on to look for what is due.</returns>
    public double Begin()
    {
        _isAll = _allSeenAt is not { } seen || time.GetElapsedTime(seen) >= _all;
        if (!_isAll)
            return _seenTo;
        _left.Clear();
        return 0;
    }

    /// <summary>This one is others' to run.</summary>
    public void Leave(string id, double score)
    {
        if (_left.Count < Most)
            _left.Add((id, score));
    }

    /// <summary>True when this one was others' when it was looked at.</summary>
    public bool WasLeft(string id, double score) => _left.Contains((id, score));

    /// <summary>Ends a round in which everything due was seen, and was moved on or left. Not to be called for a round that has passed over
    /// something, because somebody else was at it.</summary>
    /// <param name="now">The store's clock when the round began.</param>
    public void End(double now)
    {
        if (_isAll)
            _allSeenAt = time.GetTimestamp();
        _seenTo = now - Overlap;
        _left.RemoveWhere(left => left.Score < _seenTo);
    }
}
