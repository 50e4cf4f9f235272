using JobRunner.Storage;

namespace JobRunner.InMemory;

/// <summary>The rows that wait in one queue, by their methods, so that those of some can be left. Touched only under the state's lock.</summary>
sealed class InMemoryQueue
{
    readonly Dictionary<string, PriorityQueue<InMemoryQueueRow, long>> _methods = new(StringComparer.Ordinal);

    public int Count { get; private set; }

    public void Add(InMemoryQueueRow row)
    {
        if (!_methods.TryGetValue(row.Job.Method, out var rows))
            _methods.Add(row.Job.Method, rows = new());
        rows.Enqueue(row, row.JobId);
        Count++;
    }

    public void Remove(InMemoryQueueRow row)
    {
        if (_methods.TryGetValue(row.Job.Method, out var rows) && rows.Remove(row, out _, out _))
            Count--;
    }

    /// <summary>Takes the row of the oldest job behind another one whose method is not in the set; null when there is none.</summary>
    public InMemoryQueueRow? TakeBehind(long jobId, MethodSet except)
    {
        var row = _methods.Where(method => !except.Contains(method.Key)).SelectMany(method => method.Value.UnorderedItems)
            .Select(item => item.Element).Where(row => row.JobId > jobId).MinBy(row => row.JobId);
        if (row is not null)
            Remove(row);
        return row;
    }

    /// <summary>Takes the row of the oldest job whose method is not in the set; null when there is none.</summary>
    public InMemoryQueueRow? TakeOldest(MethodSet except)
    {
        PriorityQueue<InMemoryQueueRow, long>? oldest = null;
        foreach (var (method, rows) in _methods)
        {
            if (rows.Count > 0 && (oldest is null || rows.Peek().JobId < oldest.Peek().JobId) && !except.Contains(method))
                oldest = rows;
        }

        if (oldest is null)
            return null;
        Count--;
        return oldest.Dequeue();
    }
}
