namespace JobRunner.Worker;

/// <summary>Executions that wait until they may start on their lanes, in the order in which they came. Thread-safe.</summary>
sealed class StartQueue
{
    readonly Lock _lock = new();
    readonly Queue<(Lane Lane, Execution Execution)> _line = new();
    readonly AsyncAutoResetEvent _added = new();

    public int Count
    {
        get
        {
            lock (_lock)
                return _line.Count;
        }
    }

    public void Add(Lane lane, Execution execution)
    {
        lock (_lock)
            _line.Enqueue((lane, execution));
        _added.Set();
    }

    /// <summary>Takes the first; null when there is none.</summary>
    public (Lane Lane, Execution Execution)? Take()
    {
        lock (_lock)
            return _line.TryDequeue(out var first) ? first : null;
    }

    /// <summary>Takes all away.</summary>
    public IReadOnlyList<Execution> TakeAll()
    {
        lock (_lock)
        {
            Execution[] all = [.. _line.Select(start => start.Execution)];
            _line.Clear();
            return all;
        }
    }

    /// <summary>Waits until one is added, or was since the last call; a cancellation ends the wait.</summary>
    public Task WaitAsync(CancellationToken stopping) => _added.PauseAsync(Timeout.InfiniteTimeSpan, stopping);
}
