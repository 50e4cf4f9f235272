namespace JobRunner.Worker;

/// <summary>
/// What one place wants of the queues. While it is <see cref="IsSaturated"/> its jobs are left where they are: others are claimed from
/// behind them, and it gets claims of its own, as large as its room.
/// </summary>
/// <remarks>Used by the claimer alone.</remarks>
sealed class Demand(IPlace place, TimeProvider time)
{
    static readonly TimeSpan _patience = TimeSpan.FromMilliseconds(20);
    static readonly TimeSpan _rateTime = TimeSpan.FromMilliseconds(250);

    long? _fullSince;
    double _share;
    long _counted = place.Ended;
    long _countedAt = time.GetTimestamp();

    public IPlace Place => place;

    /// <summary>True when it was full for a moment, or has refused jobs, and more of its jobs may wait.</summary>
    public bool IsSaturated { get; private set; }

    /// <summary>How many of its jobs ended in a second, lately.</summary>
    public double Rate { get; private set; }

    /// <summary>How many jobs may be claimed with this place in view, when as many as lately are for it.</summary>
    public double RoomForAll => _share < 0.01 ? double.PositiveInfinity : place.Room / _share;

    /// <summary>How long until it counts as saturated; null when it has room, or is saturated already.</summary>
    public TimeSpan? UntilSaturated =>
        !IsSaturated && _fullSince is { } since ? Longer(_patience - time.GetElapsedTime(since), TimeSpan.FromMilliseconds(1)) : null;

    /// <summary>How many of its jobs are worth keeping in its line: what it runs in the time of a few claims.</summary>
    public int WorthKeeping => (int)Math.Min(int.MaxValue, Rate * 0.2);

    /// <summary>Looks whether it is full now, and how quick it is.</summary>
    public void Look()
    {
        Measure();
        if (place.Room > 0)
            _fullSince = null;
        else
            _fullSince ??= time.GetTimestamp();
        IsSaturated |= place.IsCrowded || _fullSince is { } since && time.GetElapsedTime(since) >= _patience;
    }

    /// <summary>Notes how many jobs of a claim were for this place.</summary>
    public void Note(int own, int all)
    {
        if (all > 0)
            _share += ((double)own / all - _share) * all / (all + 20.0);
    }

    /// <summary>Nothing is left that waits for it.</summary>
    /// <returns>False when it has refused some, and they do.</returns>
    public bool TryCalm()
    {
        IsSaturated = place.IsCrowded;
        return !IsSaturated;
    }

    void Measure()
    {
        var elapsed = time.GetElapsedTime(_countedAt);
        if (elapsed < _rateTime)
            return;
        var ended = place.Ended;
        Rate = (Rate + ((ended - _counted) / elapsed.TotalSeconds)) / 2;
        (_counted, _countedAt) = (ended, time.GetTimestamp());
    }

    static TimeSpan Longer(TimeSpan a, TimeSpan b) => a > b ? a : b;
}
