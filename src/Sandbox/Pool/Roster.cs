namespace JobRunner.Sandbox;

/// <summary>
/// Who lives, who is idle, who waits: the one place that decides whether a sandbox is to be started. It decides from
/// counts of what is alive, never from tokens that are passed around, because tokens leak when something dies with one
/// in its hand. No method blocks, starts or stops anything: the pool does what the roster says.
/// </summary>
sealed class Roster(int minimum, int maximum)
{
    readonly Lock _lock = new();
    readonly HashSet<LiveSandbox> _live = [];
    readonly List<LiveSandbox> _idle = []; // the last one is taken first: it is the warmest, and the others may time out
    readonly LinkedList<Waiter> _waiting = [];
    int _starting;
    bool _closed;

    /// <summary>An idle sandbox, or a place in the line.</summary>
    public Waiter Take()
    {
        lock (_lock)
        {
            var waiter = new Waiter();
            if (_closed)
                waiter.TrySetException(new ObjectDisposedException(nameof(ISandboxPool)));
            else if (_waiting.Count == 0 && TakeIdle_NeedsLock() is { } idle)
                waiter.TrySetResult(idle);
            else
                _waiting.AddLast(waiter);
            return waiter;
        }
    }

    /// <summary>Leaves the line. False when a sandbox has been given already.</summary>
    public bool Leave(Waiter waiter)
    {
        lock (_lock)
            return _waiting.Remove(waiter);
    }

    /// <summary>How many to start now; they count as starting from here on.</summary>
    public int Order()
    {
        lock (_lock)
        {
            if (_closed)
                return 0;
            var wanted = Math.Max(minimum - _live.Count, _waiting.Count);
            var order = Math.Clamp(wanted - _starting, 0, maximum - _live.Count - _starting);
            _starting += order;
            return order;
        }
    }

    /// <summary>One that was ordered is ready. False when it is too late.</summary>
    public bool Started(LiveSandbox sandbox)
    {
        lock (_lock)
        {
            _starting--;
            if (_closed)
                return false;
            _live.Add(sandbox);
            GiveOrKeep_NeedsLock(sandbox);
            return true;
        }
    }

    /// <summary>One that was ordered has failed.</summary>
    public void StartFailed()
    {
        lock (_lock)
            _starting--;
    }

    /// <summary>Ends the waiting of all, for a reason, unless somebody lives who can serve them.</summary>
    public void GiveUp(Exception reason)
    {
        lock (_lock)
        {
            if (_live.Count > 0)
                return;
            foreach (var waiter in _waiting)
                waiter.TrySetException(reason);
            _waiting.Clear();
        }
    }

    /// <summary>A run has ended. A sandbox that did not survive it stays counted until its process is gone.</summary>
    public void Return(LiveSandbox sandbox)
    {
        lock (_lock)
            if (!_closed && _live.Contains(sandbox) && sandbox.IsAlive)
                GiveOrKeep_NeedsLock(sandbox);
    }

    /// <summary>Its process is gone.</summary>
    public void Remove(LiveSandbox sandbox)
    {
        lock (_lock)
        {
            _live.Remove(sandbox);
            _idle.Remove(sandbox);
        }
    }

    /// <summary>Takes those out that have been idle since before the given instant and are above the minimum.</summary>
    public IReadOnlyList<LiveSandbox> TakeIdleSince(DateTimeOffset instant)
    {
        lock (_lock)
        {
            var spare = Math.Max(0, _live.Count - minimum);
            var old = _idle.Where(sandbox => sandbox.IdleSince <= instant).Take(spare).ToList();
            _idle.RemoveAll(old.Contains);
            return old;
        }
    }

    /// <summary>Takes those out that are idle and of a kind.</summary>
    public IReadOnlyList<LiveSandbox> TakeIdle(Predicate<LiveSandbox> which)
    {
        lock (_lock)
        {
            var taken = _idle.FindAll(which);
            _idle.RemoveAll(taken.Contains);
            return taken;
        }
    }

    /// <summary>Ends it all: nobody waits any more, nothing is started. Returns whoever lives.</summary>
    public IReadOnlyList<LiveSandbox> Close()
    {
        lock (_lock)
        {
            _closed = true;
            foreach (var waiter in _waiting)
                waiter.TrySetException(new ObjectDisposedException(nameof(ISandboxPool)));
            _waiting.Clear();
            _idle.Clear();
            return [.. _live];
        }
    }

    public (IReadOnlyList<LiveSandbox> Live, int Starting) Snapshot()
    {
        lock (_lock)
            return ([.. _live], _starting);
    }

    LiveSandbox? TakeIdle_NeedsLock()
    {
        while (_idle.Count > 0)
        {
            var sandbox = _idle[^1];
            _idle.RemoveAt(_idle.Count - 1);
            if (sandbox.IsAlive)
                return sandbox;
        }

        return null;
    }

    void GiveOrKeep_NeedsLock(LiveSandbox sandbox)
    {
        if (_waiting.First is not { } first)
        {
            _idle.Add(sandbox);
            return;
        }

        _waiting.RemoveFirst();
        first.Value.TrySetResult(sandbox);
    }
}

/// <summary>Somebody in the line for a sandbox.</summary>
sealed class Waiter() : TaskCompletionSource<LiveSandbox>(TaskCreationOptions.RunContinuationsAsynchronously);
