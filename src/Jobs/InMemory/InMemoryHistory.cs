using JobRunner.Storage;

namespace JobRunner.InMemory;

/// <summary>The last executions that ended.</summary>
/// <param name="state">The store.</param>
/// <param name="most">How many are kept; 0 for none.</param>
sealed class InMemoryHistory(InMemoryState state, int most) : IExecutionHistory
{
    // Oldest first.
    readonly Queue<ExecutionRecord> _records = new();

    public bool IsKept => most > 0;

    /// <summary>Adds a run that ended. Called under the state's lock.</summary>
    /// <param name="job">Its job.</param>
    /// <param name="run">The run.</param>
    /// <param name="states">The states of its end; none when it was cancelled.</param>
    public void Add(InMemoryJob job, EndedRun? run, IReadOnlyList<JobState> states)
    {
        if (!IsKept || run is null)
            return;
        var claimedAt = job.History.FindLast(entered => entered.Name is JobStates.Enqueued or JobStates.Scheduled && entered.CreatedAt <= run.StartedAt)?.CreatedAt;
        if (_records.Count == most)
            _records.Dequeue();
        _records.Enqueue(new(state.Now, job.Id, run.Method, run.Queue, run.ServerId, EndedRun.EndOf(states), run.Reason, run.Attempt,
            run.WaitedSince(claimedAt), run.Ran, EndedRun.ErrorOf(states)));
    }

    public Task<IReadOnlyList<ExecutionRecord>> ReadAsync(ExecutionQuery query, CancellationToken cancellationToken)
    {
        lock (state.Lock)
        {
            return Task.FromResult<IReadOnlyList<ExecutionRecord>>(
            [
                .. Between(query.From, query.To)
                    .Where(record => (query.Method is null || record.Method == query.Method) && (query.End is null || record.End == query.End))
                    .OrderByDescending(record => (record.EndedAt, record.JobId))
                    .Where(record => query.After is not { } after || (record.EndedAt, record.JobId).CompareTo(after) < 0)
                    .Take(query.Count),
            ]);
        }
    }

    public Task<IReadOnlyList<MethodSummary>> SummarizeAsync(DateTimeOffset from, DateTimeOffset to, int count, CancellationToken cancellationToken)
    {
        lock (state.Lock)
        {
            return Task.FromResult<IReadOnlyList<MethodSummary>>(
            [
                .. Between(from, to).GroupBy(record => record.Method)
                    .Select(method => new MethodSummary(method.Key, method.Count(), method.Count(record => record.End is ExecutionEnd.Failed or ExecutionEnd.Retried or ExecutionEnd.Deleted),
                        TimeSpan.FromMilliseconds(method.Average(record => record.Ran.TotalMilliseconds)), method.Max(record => record.Ran)))
                    .OrderByDescending(method => method.Executions).ThenBy(method => method.Method, StringComparer.Ordinal).Take(count),
            ]);
        }
    }

    IEnumerable<ExecutionRecord> Between(DateTimeOffset from, DateTimeOffset to) =>
        _records.Where(record => record.EndedAt >= from && record.EndedAt < to);
}
