using JobRunner.Storage;

namespace JobRunner.Postgres;

/// <summary>What clients and operators do.</summary>
sealed class JobActions(
    Database database, JobInserter inserter, ContinuationInserter continuations, OutsideChanges outside, QueueRule? queues, TimeProvider time)
    : IJobActions
{
    public async Task<IReadOnlyList<long>> AddAsync(IReadOnlyList<NewJob> jobs, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        return [.. (await inserter.AddAsync(connection, jobs, cancellationToken)).Select(added => added.JobId)];
    }

    public Task<IReadOnlyList<long>> AddContinuationsAsync(
        long parentId, IReadOnlyList<NewJob> jobs, CancellationToken cancellationToken) =>
        continuations.AddAsync(parentId, jobs, cancellationToken);

    public Task<int> RequeueAsync(IReadOnlyList<long> jobIds, string? reason, CancellationToken cancellationToken) =>
        outside.ChangeAllAsync(
            jobIds, _ => true, job => JobState.Enqueued(queues?.Of(job.Call) ?? QueueName.Default, time.GetUtcNow(), reason), cancellationToken);

    public Task<int> DeleteAsync(IReadOnlyList<long> jobIds, string? reason, CancellationToken cancellationToken) =>
        outside.ChangeAllAsync(jobIds, state => state != JobStates.Deleted, _ => JobState.Deleted(time.GetUtcNow(), reason), cancellationToken);
}
