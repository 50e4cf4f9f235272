namespace JobRunner.Storage;

/// <summary>What a store does for recurring jobs. What to do with one is decided outside (class RecurringSchedule), from what is
/// stored and the store's clock; a store only has to do it as one: under the job's lock, in one transaction.</summary>
public interface IRecurringStore
{
    /// <summary>Adds the jobs of all recurring jobs that are due by the store's clock, each recurring job under its lock, and
    /// moves it on to its next occurrence in the same transaction. Any number of workers may do this at once.</summary>
    Task<RecurringRound> EnqueueDueAsync(RecurringRules rules, CancellationToken cancellationToken);

    /// <summary>Changes one recurring job under its lock, in one transaction.</summary>
    /// <param name="id">The recurring job; it need not exist.</param>
    /// <param name="decide">Says what to do, given what is stored; null to do nothing.</param>
    /// <param name="afterRound">Does it once more at the end of a round that a Hangfire server is in the middle of: it has read
    /// already which jobs are due, and knows nothing of a pause.</param>
    /// <param name="cancellationToken">Ends the wait for the lock.</param>
    /// <returns>The ids of the jobs that were added.</returns>
    /// <exception cref="TimeoutException">Somebody kept the lock. Nothing was changed.</exception>
    Task<IReadOnlyList<long>> ChangeAsync(
        string id, Func<RecurringRow, RecurringChange?> decide, bool afterRound, CancellationToken cancellationToken);

    /// <summary>A recurring job as it is stored, or null when there is none.</summary>
    Task<RecurringRow?> GetAsync(string id, CancellationToken cancellationToken);

    /// <summary>In lists, fields are cut behind so many characters (<see cref="CutText"/>): one that is longer holds a call with long arguments.</summary>
    public const int ListedText = 10_000;

    /// <summary>Recurring jobs in the (ordinal) order of their ids. Long fields are cut: <see cref="ListedText"/>.</summary>
    Task<IReadOnlyList<RecurringRow>> ListAsync(int offset, int count, CancellationToken cancellationToken);
}
