using JobRunner.Storage;
using Npgsql;

namespace JobRunner.Postgres;

/// <summary>Reads what is known of jobs.</summary>
sealed class JobReader(Database database) : IJobReader
{
    readonly StoreCounter _counter = new(database);

    // $2 the most characters of a text, null for all.
    static readonly string _getSql = $"""
        select {StoredCall.DataSql}, {CutSql.Elements("j.arguments", "$2::int")}, j.createdat, j.expireat, parameters.*, queued.queue, p.fraction, p.message, p.at
        from hangfire.job j
        left join lateral (
            select array_agg(p.name order by p.id), array_agg({CutSql.Text("p.value", "$2::int")} order by p.id)
            from hangfire.jobparameter p where p.jobid = j.id) parameters on true
        left join lateral (
            select q.queue from hangfire.jobqueue q
            where q.jobid = j.id and j.statename in {StateSql.CanBeTaken}
            order by q.id desc limit 1) queued on true
        left join jobrunner.progress p on p.jobid = j.id
        where j.id = $1
        """;

    // The current state first, though a state that came later may stand above it for a moment: Hangfire writes history rows
    // that are never current. $3 the most characters of a text of the others.
    static readonly string _historySql = $"""
        select s.name, s.createdat, {CutSql.Values("s.data", "most.text")}, {CutSql.Text("s.reason", "most.text")}
        from hangfire.state s join hangfire.job j on j.id = s.jobid
        cross join lateral (select case when s.id = j.stateid then $2::int else $3::int end as text) most
        where s.jobid = $1
        order by s.id = j.stateid desc, s.id desc
        """;

    public async Task<JobDetails?> GetAsync(long jobId, int? longest, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        await using var batch = Database.Batch(connection,
            database.Command(_getSql, Parameters.Of(jobId), Parameters.NumberOrNull(longest)),
            database.Command(_historySql, Parameters.Of(jobId), Parameters.NumberOrNull(longest),
                Parameters.NumberOrNull(longest is { } most ? Math.Min(most, IJobReader.FormerText) : null)));
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        if (!await reader.ReadAsync(cancellationToken))
            return null;
        var details = ReadDetails(jobId, reader);
        await reader.NextResultAsync(cancellationToken);
        var history = new List<JobState>();
        while (await reader.ReadAsync(cancellationToken))
            history.Add(ReadState(reader, 0));
        return details with { History = history };
    }

    const string GlanceSql = """
        select j.statename, (select s.createdat from hangfire.state s where s.id = j.stateid),
               (select count(*) from hangfire.state s where s.jobid = j.id), p.fraction, p.message, p.at
        from hangfire.job j
        left join jobrunner.progress p on p.jobid = j.id
        where j.id = $1
        """;

    public async Task<JobGlance?> GlanceAsync(long jobId, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        await using var batch = Database.Batch(connection, database.Command(GlanceSql, Parameters.Of(jobId)));
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken)
            ? new(StoredText.ReadOrNull(reader, 0), StoredInstant.ReadOrNull(reader, 1), checked((int)reader.GetInt64(2)), ReadProgress(jobId, reader, 3))
            : null;
    }

    // What Hangfire's pages do: the newest jobs first, each with its current state. $4 the most characters of a text, $5 the most bytes of
    // arguments.
    static readonly string _listSql = $"""
        select j.id, {StoredCall.DataSql}, size.bytes, case when size.bytes <= $5 then j.arguments end, j.createdat,
               j.statename, coalesce(s.createdat, j.createdat), {CutSql.Values("s.data", "$4::int")}, {CutSql.Text("s.reason", "$4::int")}
        from (select * from hangfire.job where statename = $1 order by id desc offset $2 limit $3) j
        cross join lateral (select {StoredCall.ArgumentsBytesSql} as bytes) size
        left join hangfire.state s on s.id = j.stateid
        order by j.id desc
        """;

    public async Task<IReadOnlyList<JobSummary>> ListAsync(string state, int offset, int count, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        await using var batch = Database.Batch(connection, database.Command(_listSql,
            Parameters.Of(state), Parameters.Of(offset), Parameters.Of(count), Parameters.Of(IJobReader.ListedText), Parameters.Of((long)IJobReader.ListedArguments)));
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        var jobs = new List<JobSummary>();
        while (await reader.ReadAsync(cancellationToken))
            jobs.Add(new(reader.GetInt64(0), ReadListedCall(reader), ReadState(reader, 5), StoredInstant.Read(reader, 4)));
        return jobs;
    }

    static Invocation? ReadListedCall(NpgsqlDataReader reader) => reader.IsDBNull(3)
        ? StoredCall.ReadWithoutArguments(reader.GetString(1))?.Listed(reader.GetInt64(2))
        : StoredCall.Read(reader, 1, 3).Invocation;

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
        var (invocation, error) = StoredCall.Read(reader, 0, 1);
        return new(jobId, invocation, error, StoredInstant.Read(reader, 2),
            StoredInstant.ReadOrNull(reader, 3), StoredCall.ReadParameters(reader, 4), [],
            StoredText.ReadOrNull(reader, 6), ReadProgress(jobId, reader, 7));
    }

    static JobProgress? ReadProgress(long jobId, NpgsqlDataReader reader, int first) => reader.IsDBNull(first) ? null
        : new(jobId, reader.GetDouble(first), StoredText.ReadOrNull(reader, first + 1), StoredInstant.Read(reader, first + 2));

    static JobState ReadState(NpgsqlDataReader reader, int first) =>
        new(reader.GetString(first), StoredInstant.Read(reader, first + 1), StateData.Read(StoredText.ReadOrNull(reader, first + 2)),
            StoredText.ReadOrNull(reader, first + 3));
}
