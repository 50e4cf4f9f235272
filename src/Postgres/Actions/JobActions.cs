using JobRunner.Storage;
using Npgsql;

namespace JobRunner.Postgres;

/// <summary>What clients and operators do.</summary>
sealed class JobActions(
    Database database, JobInserter inserter, NewJobPacer pacer, ContinuationInserter continuations, OutsideChanges outside, TimeProvider time)
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
        if (!hasMore)
            return await AddOneBatchAsync(connection, batch, cancellationToken);

        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var ids = new List<long>();
        await AddAsync();
        for (; hasMore; hasMore = batches.MoveNext())
        {
            batch = batches.Current;
            await AddAsync();
        }

        await transaction.CommitAsync(cancellationToken);
        return ids;

        async Task AddAsync() => ids.AddRange((await inserter.AddBatchAsync(connection, batch, cancellationToken)).Select(added => added.JobId));
    }

    async Task<long[]> AddOneBatchAsync(NpgsqlConnection connection, IReadOnlyList<NewJob> jobs, CancellationToken cancellationToken)
    {
        var waiting = jobs.Count(job => job.State.Name == JobStates.Enqueued);
        var tells = waiting == 0 || pacer.TellsNow();
        long[] ids = [.. (await inserter.AddBatchAsync(connection, jobs, cancellationToken, tells)).Select(added => added.JobId)];
        if (!tells)
            pacer.TellLater(waiting);
        return ids;
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
