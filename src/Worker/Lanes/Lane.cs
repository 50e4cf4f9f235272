namespace JobRunner.Worker;

/// <summary>
/// Runs executions, so many at a time; further ones wait in its line. It never touches the store: what comes of an
/// execution goes to the committer.
/// </summary>
/// <remarks>The line should be as long as the lane needs to go on until the next claim, and no longer, because other workers
/// could run what waits in it. So its length adapts: it grows when the lane ran dry, and shrinks when jobs wait long.</remarks>
abstract class Lane(string name, int capacity, int backlog, Committer committer, ClaimWake wake, TimeProvider time) : IPlace
{
    static readonly TimeSpan _long = TimeSpan.FromMilliseconds(200);

    readonly Lock _lock = new();
    readonly LinkedList<Execution> _line = new();
    bool _isHeld;
    int _running;
    int _wanted;
    long _ended;

    public string Name => name;

    /// <summary>How many more executions it wants now. It takes more if need be.</summary>
    public int Room
    {
        get
        {
            lock (_lock)
                return _isHeld ? 0 : Math.Max(0, capacity + _wanted - _running - _line.Count);
        }
    }

    /// <summary>How many run.</summary>
    public int Running
    {
        get
        {
            lock (_lock)
                return _running;
        }
    }

    public int Capacity => capacity;

    public long Ended => Interlocked.Read(ref _ended);

    public IReadOnlyList<Execution> TakeExcess(int worthKeeping)
    {
        lock (_lock)
        {
            var excess = new List<Execution>();
            while (_line.Count > Math.Max(_wanted, worthKeeping))
            {
                excess.Add(_line.Last!.Value);
                _line.RemoveLast();
            }

            return excess;
        }
    }

    public void Add(Execution execution)
    {
        lock (_lock)
        {
            if (_isHeld || _running >= capacity)
            {
                _line.AddLast(execution);
                return;
            }

            _running++;
        }

        Launch(execution);
    }

    /// <summary>Begins nothing until <see cref="Resume"/>.</summary>
    public void Hold()
    {
        lock (_lock)
            _isHeld = true;
    }

    /// <summary>Goes on.</summary>
    public void Resume()
    {
        var begun = new List<Execution>();
        lock (_lock)
        {
            _isHeld = false;
            for (; _running < capacity && _line.First is { } next; _running++)
            {
                begun.Add(next.Value);
                _line.RemoveFirst();
            }
        }

        begun.ForEach(Launch);
        wake.Freed();
    }

    /// <summary>Begins an execution although the lane may be held.</summary>
    public void StartNow(Execution execution)
    {
        lock (_lock)
            _running++;
        Launch(execution);
    }

    /// <summary>Takes the line away, at a stop: executions that never began.</summary>
    public IReadOnlyList<Execution> TakeLine()
    {
        lock (_lock)
        {
            Execution[] waiting = [.. _line];
            _line.Clear();
            return waiting;
        }
    }

    protected TimeProvider Time => time;

    /// <summary>Begins <see cref="RunAsync"/> where the lane wants it to run; returns at once.</summary>
    protected abstract void Launch(Execution execution);

    /// <summary>Runs one execution to its end.</summary>
    protected abstract ValueTask<Outcome> PerformAsync(Execution execution);

    /// <summary>Runs an execution, then whatever waits in line.</summary>
    protected async Task RunAsync(Execution first)
    {
        for (var execution = first; execution is not null; execution = Next())
        {
            var outcome = execution.StopReason is { } reason ? Outcome.OfStop(reason) : await StartAsync(execution);
            await committer.EndAsync(execution, outcome);
            Interlocked.Increment(ref _ended);
            wake.Freed();
        }
    }

    ValueTask<Outcome> StartAsync(Execution execution)
    {
        execution.StartedAt = time.GetUtcNow();
        return execution.IsMarkedFirst ? StartMarkedAsync(execution) : PerformAsync(execution);
    }

    async ValueTask<Outcome> StartMarkedAsync(Execution execution)
    {
        try
        {
            await execution.WaitUntilMarkedAsync(committer.Mark);
        }
        catch (JobNotMarkedException e)
        {
            return new Outcome.Failed(EndReason.NotStored, ExceptionInfo.From(e));
        }

        return execution.StopReason is { } reason ? Outcome.OfStop(reason) : await PerformAsync(execution);
    }

    Execution? Next()
    {
        lock (_lock)
        {
            if (!_isHeld && _line.First is { } next)
            {
                _line.RemoveFirst();
                if (time.GetElapsedTime(next.Value.ClaimedAt) > _long)
                    _wanted /= 2;
                return next.Value;
            }

            _running--;
            if (wake.WantsRoom)
                _wanted = Math.Min(backlog, (2 * _wanted) + 1);
        }

        wake.Freed();
        return null;
    }
}
