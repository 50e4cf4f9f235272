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
    // How many are read at once, and how many are enqueued in one transaction.
    const int Read = 1000;
    const int Page = 100;

    // In bytes: of the calls that are read at once. A longer one is alone.
    const long MostBytes = 8 * 1024 * 1024;

    static readonly TimeSpan _lockWait = TimeSpan.FromMilliseconds(500);

    // The database's clock decides, so that a worker whose clock is wrong enqueues nothing early.
    internal const string DueSql = """
        select value, score, coalesce((select octet_length(h.value) from hangfire.hash h where h.key = 'recurring-job:' || s.value and h.field = 'Job'), 0)
        from hangfire.set s
        where key = 'recurring-jobs' and score >= $1 and score <= extract(epoch from now())::float8 and (score > $1 or value > $2)
        order by score, value
        limit $3
        """;

    // The first entry of the index behind now.
    const string ClockSql = """
        select extract(epoch from now())::float8, (
            select score - extract(epoch from clock_timestamp())::float8 from hangfire.set
            where key = 'recurring-jobs' and score > extract(epoch from now())::float8
            order by score
            limit 1)
        """;

    public async Task<RecurringRound> EnqueueAsync(RecurringRules rules, CancellationToken cancellationToken)
    {
        var done = Portion.None;
        await using var connection = await database.OpenAsync(cancellationToken);
        var from = rules.Memory?.Begin() ?? 0;
        var page = await ReadAsync(connection, new(from, ""), cancellationToken);
        var (now, next, isIdle) = (page.Now, page.NextIn, page.Due.Count == 0);
        while (page.Due.Count > 0)
        {
            foreach (var ids in (await OursAsync(connection, page.Due, rules, cancellationToken)).Chunk(Page).TakeWhile(_ => !done.IsRefused))
                done += await EnqueueEachAsync(connection, ids, rules, cancellationToken);
            if (!page.IsFull || done.IsRefused)
                break;
            page = await ReadAsync(connection, page.Due[^1], cancellationToken);
        }

        if (done.IsWhole)
            rules.Memory?.End(now);
        if (!isIdle)
            next = (await ReadAsync(connection, new(double.MaxValue, ""), cancellationToken)).NextIn;
        return new(done.Jobs, done.HasMore ? TimeSpan.Zero : next);
    }

    /// <summary>Recurring jobs that are due behind a place in the order: those that were passed over, because they are others' to run,
    /// are still due and must not hide the rest.</summary>
    async Task<DuePage> ReadAsync(NpgsqlConnection connection, DueEntry behind, CancellationToken cancellationToken)
    {
        await using var batch = Database.IndexedBatch(connection,
            database.Command(DueSql, Parameters.Of(behind.Score), Parameters.Of(behind.Id), Parameters.Of(Read)), database.Command(ClockSql));
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.NextResultAsync(cancellationToken);
        var due = new List<DueEntry>();
        var (bytes, isCut) = (0L, false);
        while (await reader.ReadAsync(cancellationToken))
        {
            bytes += reader.GetInt32(2);
            isCut |= due.Count > 0 && bytes > MostBytes;
            if (!isCut)
                due.Add(new(reader.GetDouble(1), reader.GetString(0)));
        }

        await reader.NextResultAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        var next = StoredSeconds.ReadOrNull(reader, 1);
        return new(due, isCut || due.Count == Read, reader.GetDouble(0), next < TimeSpan.Zero ? TimeSpan.Zero : next);
    }

    /// <summary>Those that this worker may know. Nothing is locked for it: a Hangfire server that runs the others must not wait for us.</summary>
    /// <returns>In the order of their locks.</returns>
    async Task<string[]> OursAsync(NpgsqlConnection connection, List<DueEntry> due, RecurringRules rules, CancellationToken cancellationToken)
    {
        var unknown = due.Where(entry => rules.Memory?.WasLeft(entry.Id, entry.Score) != true).Select(entry => entry.Id).ToArray();
        if (unknown.Length == 0)
            return [];
        var ours = new List<string>();
        foreach (var (row, score) in await rows.ReadAsync(connection, unknown, cancellationToken))
        {
            if (rules.Decide(row) is not null)
                ours.Add(row.Id);
            else if (score is not null)
                rules.Memory?.Leave(row.Id, score.Value);
        }

        return [.. ours.Order(StringComparer.Ordinal)];
    }

    /// <summary>A page as one, but when the database refuses it each recurring job for itself: then the one that it was for is told
    /// what is wrong, and no other waits for it.</summary>
    async Task<Portion> EnqueueEachAsync(NpgsqlConnection connection, string[] ids, RecurringRules rules, CancellationToken cancellationToken)
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
            var all = Portion.None;
            foreach (var id in ids)
                all += await EnqueueEachAsync(connection, [id], rules, cancellationToken) with { IsRefused = false };
            return all;
        }
    }

    async Task<Portion> EnqueuePageAsync(
        NpgsqlConnection connection, string[] ids, Func<RecurringRow, RecurringChange?> decide, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var names = ids.ToDictionary(id => id, recurringLocks.NameOf);
        var taken = await locks.TakeAsync(connection, [recurringLocks.Round, .. names.Values], _lockWait, cancellationToken);
        if (taken.Count == 0)
            return new(0, HasMore: false, IsWhole: false, IsRefused: true);

        var due = await rows.ReadAsync(connection, [.. ids.Where(id => taken.Contains(names[id]))], cancellationToken);
        var changes = due.Where(row => row.Score >= 0 && row.Score <= row.Row.Now.ToUnixTimeSeconds())
            .Select(row => (row.Row, Change: decide(row.Row)!)).Where(decided => decided.Change is not null).ToArray();
        var jobs = await rows.WriteAsync(connection, [.. changes.Select(c => (c.Row.Id, c.Change))], cancellationToken);
        await locks.DropAsync(connection, [.. taken], cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        var hasMore = changes.Any(c => c.Change.HasMore(c.Row.Now));
        return new(jobs.Count, hasMore, IsWhole: !hasMore && due.Count == ids.Length, IsRefused: false);
    }

    readonly record struct DueEntry(double Score, string Id);

    readonly record struct DuePage(List<DueEntry> Due, bool IsFull, double Now, TimeSpan? NextIn);

    /// <summary>What came of some that were due.</summary>
    /// <param name="Jobs">How many jobs were added.</param>
    /// <param name="HasMore">Some of these recurring jobs are due again at once.</param>
    /// <param name="IsWhole">None is left that could be moved on.</param>
    /// <param name="IsRefused">Another scheduler is at work.</param>
    readonly record struct Portion(int Jobs, bool HasMore, bool IsWhole, bool IsRefused)
    {
        public static readonly Portion None = new(0, HasMore: false, IsWhole: true, IsRefused: false);

        public static Portion operator +(Portion a, Portion b) =>
            new(a.Jobs + b.Jobs, a.HasMore || b.HasMore, a.IsWhole && b.IsWhole, a.IsRefused || b.IsRefused);
    }
}
