using JobRunner.Storage;

namespace JobRunner.Postgres;

/// <summary>What any worker does for all.</summary>
sealed class Maintenance(
    JobRescue rescue, ScheduledJobs scheduled, AwaitingSweep awaiting, Expiry expiry, CounterSums sums, HistoryPartitions? history) : IMaintenance
{
    public Task<int> RescueAsync(TimeSpan silence, Rescuer? rescuer, CancellationToken cancellationToken) =>
        rescue.RescueAsync(silence, rescuer, cancellationToken);

    public Task<int> RescueOrphansAsync(TimeSpan silence, Rescuer? rescuer, CancellationToken cancellationToken) =>
        rescue.RescueOrphansAsync(silence, rescuer, cancellationToken);

    public Task<int> EnqueueDueAsync(int count, CancellationToken cancellationToken) => scheduled.EnqueueDueAsync(count, cancellationToken);

    public Task<int> ReleaseAwaitingAsync(int count, CancellationToken cancellationToken) => awaiting.ReleaseAsync(count, cancellationToken);

    public Task<int> ExpireAsync(int count, CancellationToken cancellationToken) => expiry.ExpireAsync(count, cancellationToken);

    public Task<int> SumUpAsync(int count, CancellationToken cancellationToken) => sums.SumUpAsync(count, cancellationToken);

    public Task<bool> KeepHistoryAsync(CancellationToken cancellationToken) =>
        history?.KeepAsync(false, cancellationToken) ?? Task.FromResult(true);
}
