using JobRunner.Storage;

namespace JobRunner.Postgres;

/// <summary>What clients and operators do.</summary>
sealed class JobActions(
    Database database, JobInserter inserter, ContinuationInserter continuations, OutsideChanges outside, TimeProvider time)
    : IJobActions
{
    // What fits into one batch is one statement, as it would be alone. Only the first of several is made before there is a connection.
    public async Task<IReadOnlyList<long>> AddAsync(IEnumerable<NewJob> jobs, CancellationToken cancellationToken)
    {
        using var batches = AddBatches.Of(jobs).GetEnumerator();
        if (!batches.MoveNext())
            return [];
        var batch = batches.Current;
        var hasMore = batches.MoveNext();
        await using var connection = await database.OpenAsync(cancellationToken);
        await using var transaction = hasMore ? await connection.BeginTransactionAsync(cancellationToken) : null;
        var ids = new List<long>(batch.Count);
        await AddAsync();
        for (; hasMore; hasMore = batches.MoveNext())
        {
            batch = batches.Current;
            await AddAsync();
        }

        if (transaction is not null)
            await transaction.CommitAsync(cancellationToken);
        return ids;

        async Task AddAsync() => ids.AddRange((await inserter.AddBatchAsync(connection, batch, cancellationToken)).Select(added => added.JobId));
    }

    public Task<IReadOnlyList<long>> AddContinuationsAsync(
        long parentId, IReadOnlyList<NewJob> jobs, CancellationToken cancellationToken) =>
        continuations.AddAsync(parentId, jobs, cancellationToken);

    public Task<int> RequeueAsync(IReadOnlyList<long> jobIds, string? reason, CancellationToken cancellationToken) =>
        outside.ChangeAllAsync(
            jobIds, _ => true, JobState.Enqueued(QueueName.Default, time.GetUtcNow(), reason), cancellationToken);

    public Task<int> DeleteAsync(IReadOnlyList<long> jobIds, string? reason, CancellationToken cancellationToken) =>
        outside.ChangeAllAsync(jobIds, state => state != JobStates.Deleted, JobState.Deleted(time.GetUtcNow(), reason), cancellationToken);
}
