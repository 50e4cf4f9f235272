using JobRunner.Storage;
using Npgsql;
using NpgsqlTypes;

namespace JobRunner.Postgres;

/// <summary>Reads the history.</summary>
sealed class HistoryReader(Database database, bool isKept) : IExecutionHistory
{
    public bool IsKept => isKept;

    // The plain bounds choose the partitions, the pair is the key of the page.
    const string ReadSql = """
        select h.endedat, h.jobid, coalesce(method.name, '?'), coalesce(queue.name, '?'), coalesce(server.name, '?'),
               h.ending, h.reason, h.attempt, h.waited, h.ran, h.error
        from (
            select * from jobrunner.history
            where endedat >= $1 and endedat <= $2 and (endedat, jobid) < ($2, $3)
              and ($4::text is null or method = (select id from jobrunner.historyname where name = $4))
              and ($5::smallint is null or ending = $5)
            order by endedat desc, jobid desc limit $6) h
        left join jobrunner.historyname method on method.id = h.method
        left join jobrunner.historyname queue on queue.id = h.queue
        left join jobrunner.historyname server on server.id = h.server
        order by h.endedat desc, h.jobid desc
        """;

    public async Task<IReadOnlyList<ExecutionRecord>> ReadAsync(ExecutionQuery query, CancellationToken cancellationToken)
    {
        // Before the first instant that is not meant any more, or behind the last line.
        var (endedAt, jobId) = query.After is { } after && after.EndedAt < query.To ? after : (query.To, long.MinValue);
        await using var connection = await database.OpenAsync(cancellationToken);
        await using var batch = Database.Batch(connection, database.Command(ReadSql,
            Parameters.At(query.From), Parameters.At(endedAt), Parameters.Of(jobId), Parameters.TextOrNull(StoredText.Clean(query.Method)),
            new NpgsqlParameter { Value = query.End is { } end ? (short)end : DBNull.Value, NpgsqlDbType = NpgsqlDbType.Smallint },
            Parameters.Of(query.Count)));
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        var records = new List<ExecutionRecord>();
        while (await reader.ReadAsync(cancellationToken))
            records.Add(new(StoredInstant.Read(reader, 0), reader.GetInt64(1), reader.GetString(2), reader.GetString(3), reader.GetString(4),
                (ExecutionEnd)reader.GetInt16(5), reader.IsDBNull(6) ? null : (EndReason)reader.GetInt16(6), reader.GetInt32(7),
                TimeSpan.FromMilliseconds(reader.GetInt64(8)), TimeSpan.FromMilliseconds(reader.GetInt64(9)), StoredText.ReadOrNull(reader, 10)));
        return records;
    }

    const string SummarizeSql = """
        select coalesce(n.name, '?'), h.executions, h.failures, h.mean, h.longest
        from (
            select method, count(*) as executions, count(*) filter (where ending in (2, 3, 4)) as failures, avg(ran)::bigint as mean, max(ran) as longest
            from jobrunner.history where endedat >= $1 and endedat < $2
            group by method) h
        left join jobrunner.historyname n on n.id = h.method
        order by h.executions desc, n.name collate "C" limit $3
        """;

    public async Task<IReadOnlyList<MethodSummary>> SummarizeAsync(
        DateTimeOffset from, DateTimeOffset to, int count, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        await using var batch = Database.Batch(connection, database.Command(SummarizeSql, Parameters.At(from), Parameters.At(to), Parameters.Of(count)));
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        var methods = new List<MethodSummary>();
        while (await reader.ReadAsync(cancellationToken))
            methods.Add(new(reader.GetString(0), reader.GetInt64(1), reader.GetInt64(2),
                TimeSpan.FromMilliseconds(reader.GetInt64(3)), TimeSpan.FromMilliseconds(reader.GetInt64(4))));
        return methods;
    }
}
