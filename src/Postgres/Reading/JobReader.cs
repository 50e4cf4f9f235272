using JobRunner.Storage;
using Npgsql;

namespace JobRunner.Postgres;

/// <summary>Reads what is known of jobs.</summary>
sealed class JobReader(Database database) : IJobReader
{
    readonly StoreCounter _counter = new(database);
    readonly JobLists _lists = new(database);

    const string GetSql = $"""
        select j.invocationdata, j.arguments, j.createdat, j.expireat, parameters.*, queued.queue, p.fraction, p.message, p.at
        from hangfire.job j
        left join lateral (
            select array_agg(p.name order by p.id), array_agg(p.value order by p.id)
            from hangfire.jobparameter p where p.jobid = j.id) parameters on true
        left join lateral (
            select q.queue from hangfire.jobqueue q
            where q.jobid = j.id and j.statename in {StateSql.CanBeTaken}
            order by q.id desc limit 1) queued on true
        left join jobrunner.progress p on p.jobid = j.id
        where j.id = $1
        """;

    // The current state first, though a state that came later may stand above it for a moment: Hangfire writes history rows
    // that are never current.
    const string HistorySql = """
        select s.name, s.createdat, s.data, s.reason
        from hangfire.state s join hangfire.job j on j.id = s.jobid
        where s.jobid = $1
        order by s.id = j.stateid desc, s.id desc
        """;

    public async Task<JobDetails?> GetAsync(long jobId, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        await using var batch = Database.Batch(
            connection, database.Command(GetSql, Parameters.Of(jobId)), database.Command(HistorySql, Parameters.Of(jobId)));
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        if (!await reader.ReadAsync(cancellationToken))
            return null;
        var details = ReadDetails(jobId, reader);
        await reader.NextResultAsync(cancellationToken);
        var history = new List<JobState>();
        while (await reader.ReadAsync(cancellationToken))
            history.Add(StoredState.Read(reader, 0));
        return details with { History = history };
    }

    public Task<JobListing> ListAsync(string state, int offset, int count, CancellationToken cancellationToken) =>
        _lists.ReadAsync(state, offset, count, cancellationToken);

    public Task<StoreCounts> CountAsync(CancellationToken cancellationToken) => _counter.CountAsync(cancellationToken);

    const string ReadLogSql = """
        select id, at, level, message from jobrunner.log where jobid = $1 and id > $2 order by id limit $3
        """;

    public async Task<IReadOnlyList<JobLogLine>> ReadLogAsync(long jobId, long afterId, int count, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        await using var batch = Database.Batch(
            connection, database.Command(ReadLogSql, Parameters.Of(jobId), Parameters.Of(afterId), Parameters.Of(count)));
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        var lines = new List<JobLogLine>();
        while (await reader.ReadAsync(cancellationToken))
            lines.Add(new(reader.GetInt64(0), jobId, StoredInstant.Read(reader, 1), reader.GetInt32(2), reader.GetString(3)));
        return lines;
    }

    static JobDetails ReadDetails(long jobId, NpgsqlDataReader reader)
    {
        var (invocation, error) = StoredCall.Read(reader.GetString(0), reader.GetString(1));
        var progress = reader.IsDBNull(7) ? null
            : new JobProgress(jobId, reader.GetDouble(7), StoredText.ReadOrNull(reader, 8), StoredInstant.Read(reader, 9));
        return new(jobId, invocation, error, StoredInstant.Read(reader, 2),
            StoredInstant.ReadOrNull(reader, 3), StoredCall.ReadParameters(reader, 4), [],
            StoredText.ReadOrNull(reader, 6), progress);
    }
}
