using JobRunner.Storage;
using Npgsql;
using NpgsqlTypes;

namespace JobRunner.Postgres;

/// <summary>The rows of recurring jobs: their fields and when they are due.</summary>
sealed class RecurringRows(Database database, JobInserter inserter)
{
    // By the unique keys of both tables, one recurring job after another.
    // $2 the most characters of a value, null for all.
    static readonly string _readRecurringSql = $"""
        select r.id, h.fields, h.values, s.score, clock_timestamp()
        from unnest($1::text[]) with ordinality as r(id, ord)
        left join lateral (
            select array_agg(field order by field) as fields, array_agg({CutSql.Text("value", "$2::int")} order by field) as values
            from hangfire.hash where key = 'recurring-job:' || r.id) h on true
        left join lateral (
            select score from hangfire.set where key = 'recurring-jobs' and value between r.id and r.id order by value) s on true
        order by r.ord
        """;

    public Task<List<(RecurringRow Row, double? Score)>> ReadAsync(
        NpgsqlConnection connection, string[] ids, CancellationToken cancellationToken) => ReadAsync(connection, ids, null, cancellationToken);

    /// <summary>Reads recurring jobs, and only the beginning of values that have more characters.</summary>
    public async Task<List<(RecurringRow Row, double? Score)>> ReadAsync(
        NpgsqlConnection connection, string[] ids, int? longest, CancellationToken cancellationToken)
    {
        await using var batch = Database.IndexedBatch(connection, database.Command(
            _readRecurringSql, Parameters.Of(ids, NpgsqlDbType.Text), Parameters.NumberOrNull(longest)));
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
    public async Task<IReadOnlyList<long>> WriteAsync(
        NpgsqlConnection connection, IReadOnlyList<(string Id, RecurringChange Change)> changes, CancellationToken cancellationToken)
    {
        if (changes.Count == 0)
            return [];
        var columns = new RecurringColumns(changes);
        long[] jobs = [.. (await inserter.AddAsync(connection, columns.Jobs, cancellationToken)).Select(added => added.JobId)];
        await using var batch = Database.IndexedBatch(connection);
        batch.BatchCommands.Add(database.Command(WriteFieldsSql, columns.Fields(jobs)));
        batch.BatchCommands.Add(database.Command(WriteScoresSql, columns.Scores()));
        if (columns.Removed is { Length: > 0 } removed)
        {
            batch.BatchCommands.Add(database.Command(RemoveFieldsSql, Parameters.Of(removed, NpgsqlDbType.Text)));
            batch.BatchCommands.Add(database.Command(RemoveScoresSql, Parameters.Of(removed, NpgsqlDbType.Text)));
        }

        await batch.ExecuteNonQueryAsync(cancellationToken);
        return jobs;
    }
}
