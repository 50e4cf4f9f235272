using JobRunner.Storage;
using Npgsql;

namespace JobRunner.Postgres;

/// <summary>Counts what is in the store.</summary>
sealed class StoreCounter(Database database)
{
    // Hangfire counts finished jobs by its statistics, also those that have expired, and all others by their rows.
    const string CountStatesSql = """
        select statename, count(*) from hangfire.job
        where statename in ('Enqueued', 'Scheduled', 'Awaiting', 'Processing', 'Failed') group by statename
        union all
        select case key when 'stats:succeeded' then 'Succeeded' else 'Deleted' end, sum(value)::bigint
        from (select key, value from hangfire.counter where key in ('stats:succeeded', 'stats:deleted')
              union all
              select key, value from hangfire.aggregatedcounter where key in ('stats:succeeded', 'stats:deleted')) finished
        group by key
        """;

    const string CountQueuesSql = "select queue, count(*) from hangfire.jobqueue where fetchedat is null group by queue";

    const string CountOthersSql = """
        select 'retries', count(*) from hangfire.set where key = 'retries'
        union all
        select 'servers', count(*) from hangfire.server
        union all
        select name, value from jobrunner.counter
        """;

    public async Task<StoreCounts> CountAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        await using var batch = Database.Batch(
            connection, database.Command(CountStatesSql), database.Command(CountQueuesSql), database.Command(CountOthersSql));
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        var states = await ReadNumbersAsync(reader, cancellationToken);
        var queues = await ReadNumbersAsync(reader, cancellationToken);
        var others = await ReadNumbersAsync(reader, cancellationToken);
        foreach (var state in JobStates.All)
            states.TryAdd(state, 0);
        return new(states, others["retries"], checked((int)others["servers"]), queues)
        {
            Rescued = others.GetValueOrDefault("rescued"),
            Orphans = others.GetValueOrDefault("orphans"),
        };
    }

    static async Task<Dictionary<string, long>> ReadNumbersAsync(NpgsqlDataReader reader, CancellationToken cancellationToken)
    {
        var numbers = new Dictionary<string, long>(StringComparer.Ordinal);
        while (await reader.ReadAsync(cancellationToken))
            numbers[reader.GetString(0)] = reader.GetInt64(1);
        await reader.NextResultAsync(cancellationToken);
        return numbers;
    }
}
