using JobRunner.Storage;
using Npgsql;
using NpgsqlTypes;

namespace JobRunner.Postgres;

/// <summary>Stores what running jobs say.</summary>
sealed class NotesStore(Database database) : INotesStore
{
    const string WriteLinesSql = """
        insert into jobrunner.log (jobid, at, level, message)
        select l.jobid, l.at, l.level, l.message
        from unnest($1::bigint[], $2::timestamptz[], $3::int[], $4::text[]) with ordinality as l(jobid, at, level, message, ord)
        where exists (select from hangfire.job j where j.id = l.jobid)
        order by l.ord
        """;

    const string WriteProgressSql = """
        insert into jobrunner.progress as known (jobid, fraction, message, at)
        select p.jobid, p.fraction, p.message, p.at
        from unnest($1::bigint[], $2::float8[], $3::text[], $4::timestamptz[]) as p(jobid, fraction, message, at)
        where exists (select from hangfire.job j where j.id = p.jobid)
        on conflict (jobid) do update
        set fraction = excluded.fraction, message = excluded.message, at = excluded.at
        where known.at <= excluded.at
        """;

    public async Task WriteAsync(
        IReadOnlyList<JobLogLine> lines, IReadOnlyList<JobProgress> progress, CancellationToken cancellationToken)
    {
        if (lines.Count == 0 && progress.Count == 0)
            return;
        await using var connection = await database.OpenAsync(cancellationToken);
        await using var batch = Database.IndexedBatch(connection);
        if (lines.Count > 0)
            batch.BatchCommands.Add(LinesCommand(lines));
        if (progress.Count > 0)
            batch.BatchCommands.Add(ProgressCommand(NewestByJob(progress)));
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    // In order of the jobs, so that two workers do not wait for each other in a circle. Of the same instant the last one counts.
    static JobProgress[] NewestByJob(IReadOnlyList<JobProgress> progress) =>
        [.. progress.GroupBy(p => p.JobId).OrderBy(p => p.Key).Select(p => p.OrderBy(one => one.At).Last())];

    NpgsqlBatchCommand LinesCommand(IReadOnlyList<JobLogLine> lines) => database.Command(WriteLinesSql,
        Parameters.Ids(lines.Select(l => l.JobId)),
        Parameters.Of(lines.Select(l => l.At.UtcDateTime).ToArray(), NpgsqlDbType.TimestampTz),
        Parameters.Of(lines.Select(l => l.Level).ToArray(), NpgsqlDbType.Integer),
        Parameters.Of(lines.Select(l => StoredText.Clean(l.Message)).ToArray(), NpgsqlDbType.Text));

    NpgsqlBatchCommand ProgressCommand(JobProgress[] progress) => database.Command(WriteProgressSql,
        Parameters.Ids(progress.Select(p => p.JobId)),
        Parameters.Of(Array.ConvertAll(progress, p => p.Fraction), NpgsqlDbType.Double),
        Parameters.Of(Array.ConvertAll(progress, p => StoredText.Clean(p.Message)), NpgsqlDbType.Text),
        Parameters.Of(Array.ConvertAll(progress, p => p.At.UtcDateTime), NpgsqlDbType.TimestampTz));
}
