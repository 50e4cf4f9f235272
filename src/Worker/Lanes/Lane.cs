namespace JobRunner.Worker;

/// <summary>
/// Runs executions, so many at a time; further ones wait in its line. It never touches the store: what comes of an
/// execution goes to the committer.
/// </summary>
abstract class Lane(int capacity, int backlog, Committer committer, SignalSlot freed, TimeProvider time)
{
    readonly Lock _lock = new();
    readonly Queue<Execution> _line = new();
    int _running;

    /// <summary>How many executions may be added now.</summary>
    public int Room
    {
        get
        {
            lock (_lock)
                return Math.Max(0, capacity + backlog - _running - _line.Count);
        }
    }

    public int Capacity => capacity;

    public void Add(Execution execution)
    {
        lock (_lock)
        {
            if (_running >= capacity)
            {
                _line.Enqueue(execution);
                return;
            }

            _running++;
        }

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
            freed.Set();
        }
    }

    ValueTask<Outcome> StartAsync(Execution execution)
    {
        execution.StartedAt = time.GetUtcNow();
        return PerformAsync(execution);
    }

    Execution? Next()
    {
        lock (_lock)
        {
            if (_line.TryDequeue(out var next))
                return next;
            _running--;
        }

        freed.Set();
        return null;
    }
}
