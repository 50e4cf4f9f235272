using JobRunner.Storage;
using Npgsql;

namespace JobRunner.Postgres;

/// <summary>
/// One round over the recurring jobs that are due, a page of them in each transaction. Who may enqueue an occurrence is
/// settled by the lock of its recurring job alone: what is due is read again under it, and the last execution says which
/// occurrences are left. The lock of the whole round only keeps schedulers out of each other's way, so we take it when it is
/// free, and go on without it when a Hangfire server has it: one that is busy has it nearly always (100 schedules by the
/// second left us no turn in a minute, and ran late), and one that died keeps it until it is old.
/// </summary>
sealed class DueRecurring(Database database, DistributedLocks locks, RecurringLocks recurringLocks, RecurringRows rows)
{
    const int Page = 100;

    // In bytes: of the calls of a page. A longer one is alone.
    const long MaxPayload = 8 * 1024 * 1024;

    static readonly TimeSpan _lockWait = TimeSpan.FromMilliseconds(500);

    // The database's clock decides, so that a worker whose clock is wrong enqueues nothing early.
    const string DueRecurringSql = """
        select value, score, coalesce((select octet_length(h.value) from hangfire.hash h where h.key = 'recurring-job:' || s.value and h.field = 'Job'), 0)
        from hangfire.set s
        where key = 'recurring-jobs' and score >= $1 and score <= extract(epoch from now())::float8 and (score > $1 or value > $2)
        order by score, value
        limit $3
        """;

    // The first entry of the index behind now.
    const string NextRecurringSql = """
        select score - extract(epoch from clock_timestamp())::float8 from hangfire.set
        where key = 'recurring-jobs' and score > extract(epoch from now())::float8
        order by score
        limit 1
        """;

    public async Task<RecurringRound> EnqueueAsync(RecurringRules rules, CancellationToken cancellationToken)
    {
        var enqueued = 0;
        var hasMore = false;
        await using var connection = await database.OpenAsync(cancellationToken);
        for (var page = await DueRecurringAsync(connection, (0, ""), cancellationToken); page.Ids.Length > 0;
             page = await DueRecurringAsync(connection, page.Last, cancellationToken))
        {
            if (await EnqueueEachAsync(connection, page.Ids, rules, cancellationToken) is not { } done)
                break;
            enqueued += done.Jobs;
            hasMore |= done.HasMore;
            if (!page.IsFull)
                break;
        }

        return new(enqueued, hasMore ? TimeSpan.Zero : await NextRecurringAsync(connection, cancellationToken));
    }

    /// <summary>Due recurring jobs behind a place in the order: those that were passed over, because they are others' to run,
    /// are still due and must not hide the rest.</summary>
    async Task<DuePage> DueRecurringAsync(NpgsqlConnection connection, (double Score, string Id) after, CancellationToken cancellationToken)
    {
        await using var batch = Database.IndexedBatch(connection, database.Command(
            DueRecurringSql, Parameters.Of(after.Score), Parameters.Of(after.Id), Parameters.Of(Page)));
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.NextResultAsync(cancellationToken);
        var ids = new List<string>();
        var payload = 0L;
        var cut = false;
        while (await reader.ReadAsync(cancellationToken))
        {
            payload += reader.GetInt32(2);
            cut = ids.Count > 0 && payload > MaxPayload;
            if (cut)
                break;
            ids.Add(reader.GetString(0));
            after = (reader.GetDouble(1), reader.GetString(0));
        }

        return new([.. ids.Order(StringComparer.Ordinal)], after, cut || ids.Count == Page);
    }

    /// <summary>A page as one, but when the database refuses it each recurring job for itself: then the one that it was for is told
    /// what is wrong, and no other waits for it.</summary>
    async Task<(int Jobs, bool HasMore)?> EnqueueEachAsync(
        NpgsqlConnection connection, string[] ids, RecurringRules rules, CancellationToken cancellationToken)
    {
        try
        {
            return await EnqueuePageAsync(connection, ids, rules.Decide, cancellationToken);
        }
        catch (PostgresException e) when (!e.IsTransient && ids.Length == 1)
        {
            return await EnqueuePageAsync(connection, ids, row => rules.Refused(row, e.MessageText), cancellationToken);
        }
        catch (PostgresException e) when (!e.IsTransient)
        {
            var all = (Jobs: 0, HasMore: false);
            foreach (var id in ids)
            {
                if (await EnqueueEachAsync(connection, [id], rules, cancellationToken) is { } one)
                    all = (all.Jobs + one.Jobs, all.HasMore || one.HasMore);
            }

            return all;
        }
    }

    /// <returns>How many jobs were added, and whether some of these recurring jobs are due again at once; null when another
    /// scheduler is at work.</returns>
    async Task<(int Jobs, bool HasMore)?> EnqueuePageAsync(
        NpgsqlConnection connection, string[] ids, Func<RecurringRow, RecurringChange?> decide, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var names = ids.ToDictionary(id => id, recurringLocks.NameOf);
        var taken = await locks.TakeAsync(connection, [recurringLocks.Round, .. names.Values], _lockWait, cancellationToken);
        if (taken.Count == 0)
            return null;

        var due = await rows.ReadAsync(connection, [.. ids.Where(id => taken.Contains(names[id]))], cancellationToken);
        var changes = due.Where(row => row.Score >= 0 && row.Score <= row.Row.Now.ToUnixTimeSeconds())
            .Select(row => (row.Row, Change: decide(row.Row)!)).Where(decided => decided.Change is not null).ToArray();
        var jobs = await rows.WriteAsync(connection, [.. changes.Select(c => (c.Row.Id, c.Change))], cancellationToken);
        await locks.DropAsync(connection, [.. taken], cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return (jobs.Count, changes.Any(c => c.Change.HasMore(c.Row.Now)));
    }

    async Task<TimeSpan?> NextRecurringAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var batch = Database.IndexedBatch(connection, database.Command(NextRecurringSql));
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.NextResultAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) && StoredSeconds.ReadOrNull(reader, 0) is { } next
            ? next > TimeSpan.Zero ? next : TimeSpan.Zero
            : null;
    }

    readonly record struct DuePage(string[] Ids, (double Score, string Id) Last, bool IsFull);
}
