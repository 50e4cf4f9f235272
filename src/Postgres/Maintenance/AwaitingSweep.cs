using Npgsql;
using NpgsqlTypes;

namespace JobRunner.Postgres;

/// <summary>Finds the jobs that wait for one that has ended.</summary>
sealed class AwaitingSweep(Database database, ContinuationReleases releases)
{
    // A page of those that wait, in order of the set's unique index, each with its parent: only index lookups, so that many
    // jobs that wait rightly cost little. What comes back is those that wait wrongly, and entries whose job does not wait. Where the
    // next page begins is a row that all workers share, since each has its turn now and then; as long as there is one page, it is not written.
    const string SweepSql = $$"""
        with page as materialized (
            select value from hangfire.set
            where key = 'awaiting' and value > coalesce((select position::text from jobrunner.sweep where queue = '' and hash = 'awaiting'), '')
            order by value limit $1
        ), whole as materialized (
            select case when count(*) = $1 and max(value) ~ '^[0-9]{1,18}$' then max(value)::bigint end as position from page
        ), moved as (
            insert into jobrunner.sweep (queue, hash, position, began, due)
            select '', 'awaiting', position, now(), now() from whole where position is not null
            on conflict (queue, hash) do update set position = excluded.position, due = excluded.due
        ), ended as (
            delete from jobrunner.sweep where queue = '' and hash = 'awaiting' and (select position from whole) is null
        )
        select page.value, job.id, parent.statename
        from page
        left join lateral (
            select id, stateid from hangfire.job
            where id = case when page.value ~ '^[0-9]{1,18}$' then page.value::bigint end and statename = 'Awaiting' offset 0
        ) job on true
        left join lateral (
            select case when data ->> 'ParentId' ~ '^[0-9]{1,18}$' then (data ->> 'ParentId')::bigint end as id
            from hangfire.state where id = job.stateid offset 0
        ) awaits on true
        left join lateral (
            select id, statename from hangfire.job where id = awaits.id offset 0
        ) parent on true
        where job.id is null
           or awaits.id is not null and (parent.id is null or parent.statename in {{StateSql.Final}})
        """;

    // Looked at once more: a Hangfire client may have made the job wait since.
    const string ForgetAwaitingSql = """
        delete from hangfire.set s
        where s.key = 'awaiting' and s.value = any($1) and not exists (
            select from hangfire.job
            where id = case when s.value ~ '^[0-9]{1,18}$' then s.value::bigint end and statename = 'Awaiting')
        """;

    public async Task<int> ReleaseAsync(int count, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        var wrong = releases.TakeNotYet();
        var strays = await SweepAsync(connection, count, wrong, cancellationToken);
        var released = await releases.ReleaseAsync(connection, wrong, cancellationToken);
        if (strays.Count > 0)
        {
            await using var forget = Database.Batch(
                connection, database.Command(ForgetAwaitingSql, Parameters.Of(strays.ToArray(), NpgsqlDbType.Text)));
            await forget.ExecuteNonQueryAsync(cancellationToken);
        }

        return released + releases.NotYet;
    }

    /// <summary>Adds those that wait wrongly to <paramref name="wrong"/>.</summary>
    /// <returns>Entries whose job does not wait.</returns>
    async Task<List<string>> SweepAsync(NpgsqlConnection connection, int count, List<WaitingChild> wrong, CancellationToken cancellationToken)
    {
        var strays = new List<string>();
        await using var batch = Database.IndexedBatch(connection, database.Command(SweepSql, Parameters.Of(count)));
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.NextResultAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            if (reader.IsDBNull(1))
                strays.Add(reader.GetString(0));
            else
                wrong.Add(new(reader.GetInt64(1), StoredText.ReadOrNull(reader, 2)));
        }

        return strays;
    }
}
