using JobRunner.Storage;

namespace JobRunner.Worker;

/// <summary>
/// The jobs of one place that were moved aside. When a place is full, and stays so for a moment, jobs for it that stand at the
/// head of a shared queue go into a queue of their own (<c>default__sandbox</c>), so that those behind them can be reached, and
/// any worker with room for them finds them by one index lookup.
/// </summary>
/// <remarks>Used by the claimer alone, but for <see cref="HasWaiting"/>.</remarks>
sealed class Aside(IPlace place, IReadOnlyList<string> queues, TimeProvider time)
{
    const string Separator = "__";
    static readonly TimeSpan _patience = TimeSpan.FromMilliseconds(20);

    volatile bool _hasWaiting;
    long? _fullSince;
    double _share;

    public IPlace Place => place;

    /// <summary>The queues in which its jobs wait.</summary>
    public IReadOnlyList<string> Queues { get; } = [.. queues.Select(queue => NameOf(queue, place))];

    /// <summary>True when something may wait in them.</summary>
    public bool HasWaiting
    {
        get => _hasWaiting;
        set => _hasWaiting = value;
    }

    /// <summary>True when further jobs for the place go aside.</summary>
    public bool IsBlocked => HasWaiting || (_fullSince is { } since && time.GetElapsedTime(since) >= _patience);

    /// <summary>How many jobs may be claimed with this place in view, when as many as lately are for it.</summary>
    public double RoomForAll => _share < 0.01 ? double.PositiveInfinity : place.Room / _share;

    /// <summary>How long until it counts as blocked; null when it has room, or is blocked already.</summary>
    public TimeSpan? UntilBlocked =>
        !IsBlocked && _fullSince is { } since ? Longer(_patience - time.GetElapsedTime(since), TimeSpan.FromMilliseconds(1)) : null;

    static TimeSpan Longer(TimeSpan a, TimeSpan b) => a > b ? a : b;

    /// <summary>Looks whether it is full now.</summary>
    public void Look()
    {
        if (place.Room > 0)
            _fullSince = null;
        else
            _fullSince ??= time.GetTimestamp();
    }

    /// <summary>Notes how many jobs of a claim were for this place.</summary>
    public void Note(int own, int all)
    {
        if (all > 0)
            _share += ((double)own / all - _share) * all / (all + 20.0);
    }

    /// <summary>The queue in which such a job waits.</summary>
    public string QueueFor(string queue) => NameOf(queue, place);

    /// <summary>The queue that a job was enqueued to, given the one that it was claimed from.</summary>
    public ClaimedJob Restore(ClaimedJob job) =>
        Queues.Contains(job.Queue) ? job with { Queue = job.Queue[..^(Separator.Length + place.Name.Length)] } : job;

    static string NameOf(string queue, IPlace place) => $"{queue}{Separator}{place.Name}";
}
