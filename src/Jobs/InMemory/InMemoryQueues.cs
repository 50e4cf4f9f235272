using JobRunner.Storage;

namespace JobRunner.InMemory;

/// <summary>The queues: a row for each place that a job has in one. Touched only under the state's lock.</summary>
sealed class InMemoryQueues(InMemoryState state)
{
    readonly Dictionary<long, InMemoryQueueRow> _rows = [];
    readonly Dictionary<string, PriorityQueue<InMemoryQueueRow, long>> _queues = new(StringComparer.Ordinal);

    public IEnumerable<InMemoryQueueRow> Rows => _rows.Values;

    /// <summary>How often a job was enqueued, ever.</summary>
    public long Enqueued { get; private set; }

    /// <summary>How many jobs wait in each queue in which some do.</summary>
    public Dictionary<string, long> Waiting =>
        _queues.Where(queue => queue.Value.Count > 0).ToDictionary(queue => queue.Key, queue => (long)queue.Value.Count);

    public bool HasWaiting(string name) => Find(name) is { Count: > 0 };

    /// <summary>The rows that wait in a queue, oldest job first; null when nothing ever did.</summary>
    public PriorityQueue<InMemoryQueueRow, long>? Find(string name) => _queues.GetValueOrDefault(name);

    public InMemoryQueueRow? Held(Claim claim) =>
        _rows.TryGetValue(claim.QueueRowId, out var row) && row.Token == claim.Token && row.FetchedAt is not null ? row : null;

    public void Add(InMemoryJob job, string queue)
    {
        if (job.QueueRows.Find(row => row.FetchedAt is null) is { } waiting)
        {
            if (waiting.Queue == queue)
                return; // it waits there already: a second row would only run it twice
            _queues[waiting.Queue].Remove(waiting, out _, out _);
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
        queue.Enqueue(row, row.JobId);
        return true;
    }

    public void Remove(InMemoryQueueRow row)
    {
        _rows.Remove(row.Id);
        row.Job.QueueRows.Remove(row);
    }
}
