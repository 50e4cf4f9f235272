namespace JobRunner.Worker;

/// <summary>
/// Jobs under which one worker has died: a few of them are in flight at a time, beside whatever else runs. A job that kills its worker again
/// takes only those few along to the stage in which each runs alone, and not all that were in flight when it did so first.
/// </summary>
/// <remarks>Of n jobs about the square root of n run at once: then both stages take equally long. Thread-safe.</remarks>
sealed class SuspectGroup
{
    const int Smallest = 16;

    readonly Lock _lock = new();
    readonly Queue<(Lane Lane, Execution Execution)> _line = new();
    int _inFlight;

    /// <summary>Starts the execution on its lane when there is room in the group.</summary>
    public void Add(Lane lane, Execution execution)
    {
        lock (_lock)
            _line.Enqueue((lane, execution));
        StartNext();
    }

    /// <summary>Takes away, at a stop, those that never began.</summary>
    public IReadOnlyList<Execution> TakeLine()
    {
        lock (_lock)
        {
            Execution[] waiting = [.. _line.Select(suspect => suspect.Execution)];
            _line.Clear();
            return waiting;
        }
    }

    // In flight until its end is written: if the worker dies before that, it is counted as having died under this job.
    void StartNext()
    {
        while (TakeNext() is var (lane, execution))
        {
            execution.Ended += OnEnded;
            lane.Add(execution);
        }
    }

    (Lane Lane, Execution Execution)? TakeNext()
    {
        lock (_lock)
        {
            if (_inFlight >= Math.Max(Smallest, (int)Math.Sqrt(_line.Count + _inFlight)) || !_line.TryDequeue(out var next))
                return null;
            _inFlight++;
            return next;
        }
    }

    void OnEnded()
    {
        lock (_lock)
            _inFlight--;
        StartNext();
    }
}
