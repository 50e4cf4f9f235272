using JobRunner.Storage;
using Npgsql;
using NpgsqlTypes;

namespace JobRunner.Postgres;

/// <summary>Writes lines of the history in the transaction of the ends that they tell of, so that a write which is repeated leaves one line:
/// either it did nothing before, or it does nothing now.</summary>
sealed class HistoryLines(Database database, HistoryNames names)
{
    // How long the job waited is counted from the state in which it was claimed; what lies ten years back, or ahead, is somebody's odd row.
    const string IntoSql = """
        insert into jobrunner.history (endedat, jobid, waited, ran, method, queue, server, attempt, ending, reason, error)
        select now(), r.jobid,
               case when claimed.createdat between r.startedat - interval '10 years' and r.startedat
                    then (extract(epoch from r.startedat - claimed.createdat) * 1000)::bigint else 0 end,
               r.ran, r.method, r.queue, r.server, r.attempt, r.ending, r.reason, r.error
        from unnest($1::bigint[], $2::bigint[], $3::timestamptz[], $4::bigint[], $5::int[], $6::int[], $7::int[], $8::int[], $9::smallint[],
                    $10::smallint[], $11::text[]
        """;

    const string AsSql = ") as r(jobid, claimedin, startedat, ran, method, queue, server, attempt, ending, reason, error";

    const string ClaimedSql = """
        )
        left join lateral (select createdat from hangfire.state where id = r.claimedin offset 0) claimed on true
        """;

    // Behind a statement that leaves out those whose guards do not hold: the job is in the state that the change gave it, and this
    // transaction has written that.
    const string TakenSql = IntoSql + ", $12::text[], $13::timestamptz[]" + AsSql + ", name, at" + ClaimedSql + """

        cross join lateral (select stateid from hangfire.job where id = r.jobid offset 0) j
        cross join lateral (
            select from hangfire.state
            where id = j.stateid and name = r.name and createdat = r.at and xmin = pg_current_xact_id()::xid offset 0) written
        """;

    // In front of the statement that drops claims: those that are still held, and whose job has moved on.
    const string DroppedSql = IntoSql + ", $12::bigint[], $13::int[], $14::bigint[]" + AsSql + ", queueid, token, seen" + ClaimedSql + """

        cross join lateral (select from hangfire.jobqueue where id = r.queueid and updatecount = r.token for update) q
        where (select coalesce(stateid, 0) from hangfire.job where id = r.jobid) is distinct from r.seen
        """;

    /// <summary>Lines for those changes that end a run; null when none does.</summary>
    /// <param name="connection">Not in a transaction.</param>
    /// <param name="changes">The changes.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<NpgsqlBatchCommand?> OfChangesAsync(
        NpgsqlConnection connection, IEnumerable<StateChange> changes, CancellationToken cancellationToken)
    {
        StateChange[] ends = [.. changes.Where(change => change is { Run: not null, EndsClaim: true })];
        if (ends.Length == 0)
            return null;
        var columns = await ColumnsAsync(connection, Array.ConvertAll(ends, end => (end.JobId, end.Run!, end.States)), cancellationToken);
        return database.Command(TakenSql,
        [
            .. columns,
            Column(ends, end => end.States[^1].Name, NpgsqlDbType.Text),
            Column(ends, end => end.States[^1].CreatedAt.UtcDateTime, NpgsqlDbType.TimestampTz),
        ]);
    }

    /// <summary>Lines for runs that were cancelled, and whose claims are dropped; null when there are none.</summary>
    public async Task<NpgsqlBatchCommand?> OfLeasesAsync(
        NpgsqlConnection connection, IReadOnlyList<Lease> leases, CancellationToken cancellationToken)
    {
        Lease[] ends = [.. leases.Where(lease => lease.Run is not null)];
        if (ends.Length == 0)
            return null;
        return database.Command(DroppedSql,
        [
            .. await ColumnsAsync(connection, Array.ConvertAll(ends, end => (end.JobId, end.Run!, (IReadOnlyList<JobState>)[])), cancellationToken),
            Parameters.QueueRows(ends.Select(end => end.Claim)),
            Parameters.Tokens(ends.Select(end => end.Claim)),
            Parameters.Ids(ends.Select(end => end.StateId)),
        ]);
    }

    async Task<NpgsqlParameter[]> ColumnsAsync(
        NpgsqlConnection connection, (long JobId, EndedRun Run, IReadOnlyList<JobState> States)[] ends, CancellationToken cancellationToken)
    {
        var methods = Array.ConvertAll(ends, end => end.Run.Method);
        await names.LearnAsync(connection, methods.Concat(ends.Select(end => end.Run.Queue)).Concat(ends.Select(end => end.Run.ServerId)), cancellationToken);
        return
        [
            Parameters.Ids(ends.Select(end => end.JobId)),
            Parameters.Ids(ends.Select(end => end.Run.ClaimedStateId)),
            Column(ends, end => end.Run.StartedAt?.UtcDateTime, NpgsqlDbType.TimestampTz),
            Column(ends, end => (long)Math.Max(0, end.Run.Ran.TotalMilliseconds), NpgsqlDbType.Bigint),
            Column(methods, method => names[method], NpgsqlDbType.Integer),
            Column(ends, end => names[end.Run.Queue], NpgsqlDbType.Integer),
            Column(ends, end => names[end.Run.ServerId], NpgsqlDbType.Integer),
            Column(ends, end => end.Run.Attempt, NpgsqlDbType.Integer),
            Column(ends, end => (short)EndedRun.EndOf(end.States), NpgsqlDbType.Smallint),
            Column(ends, end => (short?)end.Run.Reason, NpgsqlDbType.Smallint),
            Column(ends, end => StoredText.Clean(EndedRun.ErrorOf(end.States)), NpgsqlDbType.Text),
        ];
    }

    static NpgsqlParameter Column<TEnd, T>(TEnd[] ends, Converter<TEnd, T> value, NpgsqlDbType type) => Parameters.Of(Array.ConvertAll(ends, value), type);
}
