using JobRunner.Storage;

namespace JobRunner.Postgres;

/// <summary>What clients and operators do.</summary>
sealed class JobActions(
    Database database, JobInserter inserter, NewJobPacer pacer, ContinuationInserter continuations, OutsideChanges outside, QueueRule? queues, TimeProvider time)
    : IJobActions
{
    public async Task<IReadOnlyList<long>> AddAsync(IReadOnlyList<NewJob> jobs, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        var waiting = jobs.Count(job => job.State.Name == JobStates.Enqueued);
        var tells = waiting == 0 || pacer.TellsNow();
        long[] ids = [.. (await inserter.AddAsync(connection, jobs, cancellationToken, tells)).Select(added => added.JobId)];
        if (!tells)
            pacer.TellLater(waiting);
        return ids;
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
