using JobRunner.Storage;

namespace JobRunner.InMemory;

/// <summary>The queues: a row for each place that a job has in one. Touched only under the state's lock.</summary>
sealed class InMemoryQueues(InMemoryState state)
{
    readonly Dictionary<long, InMemoryQueueRow> _rows = [];
    readonly Dictionary<string, InMemoryQueue> _queues = new(StringComparer.Ordinal);
    readonly Dictionary<string, long> _past = new(StringComparer.Ordinal);

    public IEnumerable<InMemoryQueueRow> Rows => _rows.Values;

    /// <summary>How often a job was enqueued, ever.</summary>
    public long Enqueued { get; private set; }

    /// <summary>How many jobs wait in each queue in which some do.</summary>
    public Dictionary<string, long> Waiting =>
        _queues.Where(queue => queue.Value.Count > 0).ToDictionary(queue => queue.Key, queue => (long)queue.Value.Count);

    public bool HasWaiting(string name) => _queues.GetValueOrDefault(name) is { Count: > 0 };

    /// <summary>Takes a row out of a queue, that of the oldest job whose method is not in the set; null when there is none.</summary>
    public InMemoryQueueRow? TakeOldest(string name, MethodSet except) => _queues.GetValueOrDefault(name)?.TakeOldest(except);

    /// <summary>As <see cref="TakeOldest"/> does, but from where the last such call ended, and at the end once more from the start.</summary>
    public InMemoryQueueRow? TakePastHead(string name, MethodSet except)
    {
        var row = _queues.GetValueOrDefault(name)?.TakeBehind(_past.GetValueOrDefault(name), except);
        _past[name] = row?.JobId ?? 0;
        return row;
    }

    public InMemoryQueueRow? Held(Claim claim) =>
        _rows.TryGetValue(claim.QueueRowId, out var row) && row.Token == claim.Token && row.FetchedAt is not null ? row : null;

    public void Add(InMemoryJob job, string queue)
    {
        if (job.QueueRows.Find(row => row.FetchedAt is null) is { } waiting)
        {
            if (waiting.Queue == queue)
                return; // it waits there already: a second row would only run it twice
            _queues[waiting.Queue].Remove(waiting);
            Remove(waiting);
        }

        Enqueued++;
        var row = new InMemoryQueueRow(state.NewId(), job, queue);
        _rows.Add(row.Id, row);
        job.QueueRows.Add(row);
        MakeWait(row);
    }

    /// <returns>False when the row goes instead: its job was enqueued anew while it ran.</returns>
    public bool MakeWait(InMemoryQueueRow row)
    {
        if (row.Job.QueueRows[^1] != row)
        {
            Remove(row);
            return false;
        }

        row.FetchedAt = null;
        row.Token++;
        if (!_queues.TryGetValue(row.Queue, out var queue))
            _queues.Add(row.Queue, queue = new());
        queue.Add(row);
        return true;
    }

    public void Remove(InMemoryQueueRow row)
    {
        _rows.Remove(row.Id);
        row.Job.QueueRows.Remove(row);
    }
}
