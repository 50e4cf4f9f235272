namespace JobRunner.Storage;

/// <summary>Shorter forms.</summary>
public static class WorkQueueExtensions
{
    /// <summary>Takes waiting jobs of any method: as many from the first queue as there are, then from the next.</summary>
    public static async Task<IReadOnlyList<ClaimedJob>> ClaimAsync(
        this IWorkQueue queue, IReadOnlyList<string> queues, int count, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(queue);
        ArgumentNullException.ThrowIfNull(queues);
        return (await queue.ClaimAsync(new([.. queues.Select(name => new QueueLimit(name, count))], count), cancellationToken)).Jobs;
    }
}
