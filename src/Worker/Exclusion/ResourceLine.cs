using JobRunner.Storage;

namespace JobRunner.Worker;

/// <summary>The jobs that wait here for one resource, in the order in which they came.</summary>
/// <remarks>Touched only under the lock of <see cref="Exclusions"/>.</remarks>
sealed class ResourceLine(TimeProvider time)
{
    // As many as wait on a Hangfire server with its usual 20 workers: the time limit of a job runs from when it is one of them.
    const int Front = 20;

    // Somebody else wants the resource, too: whoever had it for so long lets it go for longer than the other's pause between two tries.
    static readonly TimeSpan _turn = TimeSpan.FromSeconds(2);
    static readonly TimeSpan _yield = TimeSpan.FromMilliseconds(700);
    static readonly TimeSpan _contention = TimeSpan.FromMinutes(1);

    readonly List<LineEntry> _entries = [];
    int? _refusedAt;
    long? _contendedAt;
    long? _releasedAt;
    long _turnSince;

    public int Count => _entries.Count;

    public IEnumerable<LineEntry> Entries => _entries;

    /// <summary>True while a job of this worker has the resource.</summary>
    public bool IsHeld { get; private set; }

    /// <summary>True from when a job was refused until half of those that waited then have gone.</summary>
    public bool IsFull => _refusedAt is not null;

    /// <summary>True when nobody waits here, and nothing need be remembered.</summary>
    public bool IsIdle => _entries.Count == 0 && !IsHeld && !IsContended;

    public void Add(LineEntry entry) => _entries.Add(entry);

    /// <summary>Notes that a job had no place in the line.</summary>
    public void Refuse() => _refusedAt ??= _entries.Count;

    /// <returns>False when it is not in the line any more.</returns>
    public bool Remove(LineEntry entry) => _entries.Remove(entry);

    /// <summary>Notes that there is room again for those that were refused.</summary>
    /// <returns>False when none was refused, or most still wait.</returns>
    public bool TryReopen()
    {
        if (_refusedAt is not { } count || _entries.Count > count / 2)
            return false;
        _refusedAt = null;
        return true;
    }

    /// <summary>Lets the time of those at the front run.</summary>
    /// <returns>The first that still wants to run, unless the resource is ours already or somebody else's turn.</returns>
    public LineEntry? Next()
    {
        foreach (var entry in _entries.Take(Front))
            entry.Since ??= time.GetTimestamp();
        var next = IsHeld ? null : _entries.Find(entry => entry.Execution.StopReason is null);
        return next?.Timeout > _yield && Yields ? null : next;
    }

    /// <summary>How long it is until the time of one is over; null when none is limited yet.</summary>
    public TimeSpan? Rest => _entries.Take(Front).Min(entry => entry.Rest(time));

    /// <summary>Notes that a job of this worker has the resource.</summary>
    public void Taken()
    {
        IsHeld = true;
        if (_releasedAt is not { } released || time.GetElapsedTime(released) >= _yield)
            _turnSince = time.GetTimestamp();
    }

    /// <summary>Notes that somebody else has the resource.</summary>
    public void Contended() => _contendedAt = time.GetTimestamp();

    /// <summary>Notes that the job of this worker has it no more.</summary>
    public void Released()
    {
        IsHeld = false;
        _releasedAt = time.GetTimestamp();
    }

    bool IsContended => _contendedAt is { } at && time.GetElapsedTime(at) < _contention;

    bool Yields => IsContended && _releasedAt is { } released
        && time.GetElapsedTime(_turnSince, released) >= _turn && time.GetElapsedTime(released) < _yield;
}

/// <summary>A job that waits for a resource.</summary>
/// <param name="execution">Its run.</param>
/// <param name="wanted">The lock that it wants.</param>
/// <param name="timeout">How long it waits at the front of the line.</param>
/// <param name="start">Starts it.</param>
sealed class LineEntry(Execution execution, ResourceLock wanted, TimeSpan timeout, Action start)
{
    public Execution Execution => execution;

    public ResourceLock Lock => wanted;

    public TimeSpan Timeout => timeout;

    /// <summary>Since when its time runs, as a timestamp of the clock; null before.</summary>
    public long? Since { get; set; }

    public void Start() => start();

    /// <summary>How much of its time is left; null while it does not run.</summary>
    public TimeSpan? Rest(TimeProvider time) => Since is { } since ? timeout - time.GetElapsedTime(since) : null;
}
