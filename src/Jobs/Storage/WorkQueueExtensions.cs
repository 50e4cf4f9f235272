namespace JobRunner.Storage;

/// <summary>Shorter forms.</summary>
public static class WorkQueueExtensions
{
    /// <summary>Takes waiting jobs of any type.</summary>
    public static Task<IReadOnlyList<ClaimedJob>> ClaimAsync(
        this IWorkQueue queue, IReadOnlyList<string> queues, int count, CancellationToken cancellationToken) =>
        queue.ClaimAsync(queues, count, [], cancellationToken);

    /// <summary>Takes waiting jobs: as many from the first queue as there are, then from the next.</summary>
    public static Task<IReadOnlyList<ClaimedJob>> ClaimAsync(
        this IWorkQueue queue, IReadOnlyList<string> queues, int count, IReadOnlyCollection<string> exceptTypes, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(queues);
        return queue.ClaimAsync([.. queues.Select(name => new QueueLimit(name, count))], count, exceptTypes, cancellationToken);
    }
}
