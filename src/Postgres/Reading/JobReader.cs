using JobRunner.Storage;
using Npgsql;

namespace JobRunner.Postgres;

/// <summary>Reads what is known of jobs.</summary>
sealed class JobReader(Database database) : IJobReader
{
    readonly StoreCounter _counter = new(database);
    readonly JobLists _lists = new(database);

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
            history.Add(StoredState.Read(reader, 0));
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

    // Ends of so many bytes in one answer; one comes in any case.
    const long MostBytes = 8 * 1024 * 1024;

    static readonly string _getStatesSql = $"""
        select id, statename, fits, coalesce(endedat, createdat), case when fits then data end, reason
        from (
            select j.id, j.statename, j.createdat, s.createdat as endedat, s.data, s.reason,
                   j.ended and sum(coalesce(s.size, 0)) over (rows unbounded preceding) - coalesce(s.size, 0) < $2 as fits
            from unnest($1::bigint[]) as w(id)
            cross join lateral (
                select id, stateid, statename, createdat, coalesce(statename in {StateSql.HasEnded}, false) as ended
                from hangfire.job where id = w.id offset 0) j
            left join lateral (
                select createdat, data, reason, {StoredSize.Of("data")} as size
                from hangfire.state where id = j.stateid and j.ended offset 0) s on true) seen
        """;

    public async Task<IReadOnlyList<CurrentState>> GetStatesAsync(IReadOnlyCollection<long> jobIds, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        await using var batch = Database.IndexedBatch(
            connection, database.Command(_getStatesSql, Parameters.Ids(jobIds.Distinct()), Parameters.Of(MostBytes)));
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.NextResultAsync(cancellationToken);
        var states = new List<CurrentState>(jobIds.Count);
        while (await reader.ReadAsync(cancellationToken))
        {
            var name = StoredText.ReadOrNull(reader, 1);
            states.Add(new(reader.GetInt64(0), name, reader.GetBoolean(2)
                ? new(name!, StoredInstant.Read(reader, 3), StateData.Read(StoredText.ReadOrNull(reader, 4)), StoredText.ReadOrNull(reader, 5))
                : null));
        }

        return states;
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
        var (invocation, error) = StoredCall.Read(reader, 0, 1);
        return new(jobId, invocation, error, StoredInstant.Read(reader, 2),
            StoredInstant.ReadOrNull(reader, 3), StoredCall.ReadParameters(reader, 4), [],
            StoredText.ReadOrNull(reader, 6), ReadProgress(jobId, reader, 7));
    }

    static JobProgress? ReadProgress(long jobId, NpgsqlDataReader reader, int first) => reader.IsDBNull(first) ? null
        : new(jobId, reader.GetDouble(first), StoredText.ReadOrNull(reader, first + 1), StoredInstant.Read(reader, first + 2));
}
