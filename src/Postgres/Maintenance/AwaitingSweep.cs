using Npgsql;
using NpgsqlTypes;

namespace JobRunner.Postgres;

/// <summary>Finds the jobs that wait for one that has ended.</summary>
sealed class AwaitingSweep(Database database, ContinuationReleases releases)
{
    // Behind which entry the next page begins.
    string _sweptTo = "";

    // A page of those that wait, in order of the set's unique index, each with its parent: only index lookups, so that many
    // jobs that wait rightly cost little. What comes back is those that wait wrongly, and entries whose job does not wait.
    const string SweepSql = $$"""
        with page as materialized (
            select value from hangfire.set where key = 'awaiting' and value > $1 order by value limit $2
        )
        select whole.n, whole.last, wrong.*
        from (select count(*) as n, max(value) as last from page) whole
        left join (
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
        ) wrong on true
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
        await using var batch = Database.IndexedBatch(connection, database.Command(SweepSql, Parameters.Of(_sweptTo), Parameters.Of(count)));
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.NextResultAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            _sweptTo = reader.GetInt64(0) < count || count == 0 ? "" : reader.GetString(1);
            if (reader.IsDBNull(2))
                continue; // all is well on this page
            if (reader.IsDBNull(3))
                strays.Add(reader.GetString(2));
            else
                wrong.Add(new(reader.GetInt64(3), StoredText.ReadOrNull(reader, 4)));
        }

        return strays;
    }
}
