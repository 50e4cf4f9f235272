using JobRunner.Storage;
using Npgsql;

namespace JobRunner.Postgres;

/// <summary>Lists of the jobs in one state, newest first, from tables in which no index has them in this order.</summary>
sealed class JobLists(Database database)
{
    // A state with fewer jobs is sorted as a whole at once; one with fewer than many, when its jobs are not among the newest.
    const int Few = 1000;
    const int Many = 10_000;

    // Three ways, each taken only when the one before it does not do. A small state is read from the index of states, and sorted. Of a
    // large one, those among the newest jobs of all nearly always fill the page. Where those are of other states (a million that
    // wait), the end of the index is read: entries of one state stand there in the order of their rows' places, so these are the
    // jobs that have entered the state last, unless the table had holes to fill. ('between' and 'order by' make the planner read from that
    // end; '=' would tell it that any order does.) $1 state, $2 offset, $3 count, $4 few, $5 and $6 how many rows to read in the
    // latter ways.
    // A long text is cut behind $7 characters, arguments of more than $8 bytes are not read.
    internal static readonly string ListSql = $"""
        with few as materialized (
            select id from hangfire.job where statename between $1 and $1 order by statename desc limit $4
        ), newest as materialized (
            select id from (select id, statename from hangfire.job order by id desc limit $5) newest
            where statename = $1 and (select count(*) from few) = $4
            order by id desc
            limit $2 + $3
        ), latest as materialized (
            select id from hangfire.job
            where statename between $1 and $1 and (select count(*) from few) = $4 and (select count(*) from newest) < $2 + $3
            order by statename desc
            limit $6
        ), page as materialized (
            select id from (
                select id from few where (select count(*) from few) < $4
                union select id from newest
                union (select id from latest order by id desc limit $2 + $3)) found
            order by id desc offset $2 limit $3
        )
        select (select count(*) from latest) = $6,
               j.id, {StoredCall.DataSql}, size.bytes, case when size.bytes <= $8 then j.arguments end, j.createdat,
               j.statename, coalesce(s.createdat, j.createdat), {CutSql.Values("s.data", "$7::int")}, {CutSql.Text("s.reason", "$7::int")}
        from page
        cross join lateral (select * from hangfire.job where id = page.id offset 0) j
        cross join lateral (select {StoredSize.Of("arguments")} as bytes) size
        left join lateral (select * from hangfire.state where id = j.stateid offset 0) s on true
        order by page.id desc
        """;

    public async Task<JobListing> ReadAsync(string state, int offset, int count, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        await using var batch = Database.IndexedBatch(connection, database.Command(ListSql, Parameters.Of(state),
            Parameters.Of(offset), Parameters.Of(count), Parameters.Of(Few), Parameters.Of(2 * (Few + offset + count)), Parameters.Of(Many + offset + count),
            Parameters.Of(IJobReader.ListedText), Parameters.Of((long)IJobReader.ListedArguments)));
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.NextResultAsync(cancellationToken);
        var jobs = new List<JobSummary>();
        var mayMissNewer = false;
        while (await reader.ReadAsync(cancellationToken))
        {
            mayMissNewer = reader.GetBoolean(0);
            jobs.Add(new(reader.GetInt64(1), ReadCall(reader), StoredState.Read(reader, 6), StoredInstant.Read(reader, 5)));
        }

        return new(jobs) { MayMissNewer = mayMissNewer };
    }

    static Invocation? ReadCall(NpgsqlDataReader reader) => reader.IsDBNull(4)
        ? StoredCall.ReadWithoutArguments(reader.GetString(2))?.Listed(reader.GetInt64(3))
        : StoredCall.Read(reader, 2, 4).Invocation;
}
