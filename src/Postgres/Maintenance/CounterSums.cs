using JobRunner.Storage;

namespace JobRunner.Postgres;

/// <summary>Moves counters into their sums, so that what is read as a sum stays few rows however many jobs end.</summary>
sealed class CounterSums(Database database)
{
    // Hangfire's servers do the same every five minutes, without a lock: what both move at once would be counted twice, so it is left to
    // them while one lives. Sums are written in the order of their keys, so that two workers do not wait for each other in a circle.
    internal const string SumUpSql = """
        with moved as (
            delete from hangfire.counter
            where id = any(array(
                select id from hangfire.counter
                where not exists (select from hangfire.server where not starts_with(id, $2) and lastheartbeat > now() - interval '2 minutes')
                order by id limit $1 for update skip locked))
            returning key, value, expireat
        ), summed as (
            insert into hangfire.aggregatedcounter as total (key, value, expireat)
            select key, sum(value), max(expireat) from moved group by key order by key
            on conflict (key) do update
            set value = total.value + excluded.value, expireat = greatest(total.expireat, excluded.expireat)
        )
        select count(*) from moved
        """;

    public Task<int> SumUpAsync(int count, CancellationToken cancellationToken) =>
        database.NumberAsync(database.Command(SumUpSql, Parameters.Of(count), Parameters.Of(ServerInfo.NamePrefix)), cancellationToken);
}
