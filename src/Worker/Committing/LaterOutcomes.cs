namespace JobRunner.Worker;

/// <summary>Outcomes that could not be written just now, each until its next try is due. They are no part of any batch meanwhile, and
/// their executions stay held: their leases are renewed.</summary>
sealed class LaterOutcomes(TimeProvider time)
{
    readonly PriorityQueue<Write, long> _line = new();
    readonly Lock _lock = new();

    public int Count
    {
        get
        {
            lock (_lock)
                return _line.Count;
        }
    }

    /// <summary>How long until the next one is due, zero or less when it is; null when there is none.</summary>
    public TimeSpan? NextIn
    {
        get
        {
            lock (_lock)
                return _line.TryPeek(out _, out var due) ? time.GetElapsedTime(time.GetTimestamp(), due) : null;
        }
    }

    public void Add(Write write, TimeSpan pause)
    {
        lock (_lock)
            _line.Enqueue(write, time.GetTimestamp() + (long)(pause.TotalSeconds * time.TimestampFrequency));
    }

    /// <summary>Takes out the next one, due or not.</summary>
    public Write? Take()
    {
        lock (_lock)
            return _line.TryDequeue(out var write, out _) ? write : null;
    }

    /// <summary>Takes out the next one that is due.</summary>
    public Write? TakeDue()
    {
        lock (_lock)
            return _line.TryPeek(out _, out var due) && due <= time.GetTimestamp() ? _line.Dequeue() : null;
    }
}
