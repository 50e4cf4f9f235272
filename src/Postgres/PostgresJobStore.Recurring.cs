using JobRunner.Storage;
using Npgsql;
using NpgsqlTypes;

namespace JobRunner.Postgres;

sealed partial class PostgresJobStore
{
    // How long Hangfire's own clients wait for the lock of a recurring job.
    static readonly TimeSpan _recurringLockWait = TimeSpan.FromSeconds(15);

    public async Task<IReadOnlyList<long>> ChangeAsync(
        string id, Func<RecurringRow, RecurringChange?> decide, bool afterRound, CancellationToken cancellationToken)
    {
        IReadOnlyList<long> jobs = [];
        var done = await UnderLockAsync(LockOf(RecurringLock(id)), _recurringLockWait, ChangeAsync, cancellationToken);
        if (done && afterRound && await RoundHasEndedAsync(cancellationToken))
            done = await UnderLockAsync(LockOf(RecurringLock(id)), _recurringLockWait, ChangeAsync, cancellationToken);
        return done ? jobs : throw new TimeoutException(
            $"Recurring job '{id}' is locked by another client or server; it was not changed. If that one died, its lock ends after {_options.DistributedLockTimeout}.");

        async Task ChangeAsync(NpgsqlConnection connection)
        {
            var row = (await ReadRecurringAsync(connection, [id], cancellationToken))[0];
            jobs = decide(row.Row) is { } change ? await WriteRecurringAsync(connection, [(id, change)], cancellationToken) : [];
        }
    }

    // By the unique keys of both tables, one recurring job after another.
    const string ReadRecurringSql = """
        select r.id, h.fields, h.values, s.score, clock_timestamp()
        from unnest($1::text[]) with ordinality as r(id, ord)
        left join lateral (
            select array_agg(field order by field) as fields, array_agg(value order by field) as values
            from hangfire.hash where key = 'recurring-job:' || r.id) h on true
        left join lateral (
            select score from hangfire.set where key = 'recurring-jobs' and value between r.id and r.id order by value) s on true
        order by r.ord
        """;

    async Task<List<(RecurringRow Row, double? Score)>> ReadRecurringAsync(
        NpgsqlConnection connection, string[] ids, CancellationToken cancellationToken)
    {
        await using var batch = IndexedBatch(connection, Command(ReadRecurringSql, Parameters.Of(ids, NpgsqlDbType.Text)));
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.NextResultAsync(cancellationToken);
        var rows = new List<(RecurringRow, double?)>(ids.Length);
        while (await reader.ReadAsync(cancellationToken))
            rows.Add((new(reader.GetString(0), StoredCall.ReadParameters(reader, 1), StoredInstant.Read(reader, 4)),
                reader.IsDBNull(3) ? null : reader.GetDouble(3)));
        return rows;
    }

    const string WriteFieldsSql = """
        insert into hangfire.hash (key, field, value)
        select 'recurring-job:' || c.id, c.field, c.value
        from unnest($1::text[], $2::text[], $3::text[]) with ordinality as c(id, field, value, ord)
        order by c.ord
        on conflict (key, field) do update set value = excluded.value
        """;

    const string WriteScoresSql = """
        insert into hangfire.set (key, value, score)
        select 'recurring-jobs', c.id, c.score from unnest($1::text[], $2::float8[]) with ordinality as c(id, score, ord)
        order by c.ord
        on conflict (key, value) do update set score = excluded.score
        """;

    const string RemoveFieldsSql = """
        delete from hangfire.hash where key = any(array(select 'recurring-job:' || r.id from unnest($1::text[]) as r(id)))
        """;

    const string RemoveScoresSql = "delete from hangfire.set where key = 'recurring-jobs' and value = any($1)";

    /// <summary>Writes changes in the transaction at hand, which has the locks; two round trips.</summary>
    async Task<IReadOnlyList<long>> WriteRecurringAsync(
        NpgsqlConnection connection, IReadOnlyList<(string Id, RecurringChange Change)> changes, CancellationToken cancellationToken)
    {
        if (changes.Count == 0)
            return [];
        var columns = new RecurringColumns(changes);
        long[] jobs = [.. (await AddAsync(connection, columns.Jobs, cancellationToken)).Select(added => added.JobId)];
        await using var batch = IndexedBatch(connection);
        batch.BatchCommands.Add(Command(WriteFieldsSql, columns.Fields(jobs)));
        batch.BatchCommands.Add(Command(WriteScoresSql, columns.Scores()));
        if (columns.Removed is { Length: > 0 } removed)
        {
            batch.BatchCommands.Add(Command(RemoveFieldsSql, Parameters.Of(removed, NpgsqlDbType.Text)));
            batch.BatchCommands.Add(Command(RemoveScoresSql, Parameters.Of(removed, NpgsqlDbType.Text)));
        }

        await batch.ExecuteNonQueryAsync(cancellationToken);
        return jobs;
    }

    public async Task<RecurringRow?> GetAsync(string id, CancellationToken cancellationToken)
    {
        await using var connection = await ConnectAsync(cancellationToken);
        var row = (await ReadRecurringAsync(connection, [id], cancellationToken))[0].Row;
        return row.Fields.Count > 0 ? row : null;
    }

    const string ListRecurringSql = """
        select value from hangfire.set where key = 'recurring-jobs' order by value collate "C" offset $1 limit $2
        """;

    public async Task<IReadOnlyList<RecurringRow>> ListAsync(int offset, int count, CancellationToken cancellationToken)
    {
        await using var connection = await ConnectAsync(cancellationToken);
        var ids = await ReadTextsAsync(connection, Command(ListRecurringSql, Parameters.Of(offset), Parameters.Of(count)), cancellationToken);
        return [.. (await ReadRecurringAsync(connection, [.. ids], cancellationToken)).Select(row => row.Row).Where(row => row.Fields.Count > 0)];
    }

    static string RecurringLock(string id) => $"lock:recurring-job:{id}";
}
