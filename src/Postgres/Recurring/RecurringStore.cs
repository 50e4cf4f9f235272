using JobRunner.Storage;
using Npgsql;

namespace JobRunner.Postgres;

/// <summary>Recurring jobs, in Hangfire's tables and under its locks.</summary>
sealed class RecurringStore(
    Database database, DistributedLocks locks, RecurringLocks recurringLocks, RecurringRows rows, DueRecurring due) : IRecurringStore
{
    // How long Hangfire's own clients wait for the lock of a recurring job.
    static readonly TimeSpan _lockWait = TimeSpan.FromSeconds(15);

    public Task<RecurringRound> EnqueueDueAsync(RecurringRules rules, CancellationToken cancellationToken) =>
        due.EnqueueAsync(rules, cancellationToken);

    public async Task<IReadOnlyList<long>> ChangeAsync(
        string id, Func<RecurringRow, RecurringChange?> decide, bool afterRound, CancellationToken cancellationToken)
    {
        IReadOnlyList<long> jobs = [];
        var done = await locks.UnderLockAsync(recurringLocks.NameOf(id), _lockWait, ChangeAsync, cancellationToken);
        if (done && afterRound && await recurringLocks.RoundHasEndedAsync(cancellationToken))
            done = await locks.UnderLockAsync(recurringLocks.NameOf(id), _lockWait, ChangeAsync, cancellationToken);
        return done ? jobs : throw new TimeoutException(
            $"Recurring job '{id}' is locked by another client or server; it was not changed. If that one died, its lock ends after {locks.Abandoned}.");

        async Task ChangeAsync(NpgsqlConnection connection)
        {
            var row = (await rows.ReadAsync(connection, [id], cancellationToken))[0];
            jobs = decide(row.Row) is { } change ? await rows.WriteAsync(connection, [(id, change)], cancellationToken) : [];
        }
    }

    public async Task<RecurringRow?> GetAsync(string id, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        var row = (await rows.ReadAsync(connection, [id], cancellationToken))[0].Row;
        return row.Fields.Count > 0 ? row : null;
    }

    const string ListRecurringSql = """
        select value from hangfire.set where key = 'recurring-jobs' order by value collate "C" offset $1 limit $2
        """;

    public async Task<IReadOnlyList<RecurringRow>> ListAsync(int offset, int count, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        var ids = await Database.ReadTextsAsync(
            connection, database.Command(ListRecurringSql, Parameters.Of(offset), Parameters.Of(count)), cancellationToken);
        return [.. (await rows.ReadAsync(connection, [.. ids], IRecurringStore.ListedText, cancellationToken)).Select(row => row.Row).Where(row => row.Fields.Count > 0)];
    }
}
