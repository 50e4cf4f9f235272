using System.Collections.Immutable;
using JobRunner.Storage;
using Npgsql;
using NpgsqlTypes;

namespace JobRunner.Postgres;

/// <summary>Counts what is in the store: one by one as far as that is quick, beyond that by the statistics of the tables.</summary>
sealed class StoreCounter(Database database)
{
    internal const int Bound = 10_000;
    internal const int MostQueues = 100;

    // Hangfire counts finished jobs by its statistics, also those that have expired, and all others by their rows.
    static readonly string[] _byRows =
        [JobStates.Enqueued, JobStates.Scheduled, JobStates.Awaiting, JobStates.Processing, JobStates.Failed];

    internal const string StatesSql = """
        select state.name, (select count(*) from (select from hangfire.job where statename = state.name limit $2) bounded)
        from unnest($1::text[]) as state(name)
        union all
        select case key when 'stats:succeeded' then 'Succeeded' else 'Deleted' end, sum(value)::bigint
        from (select key, value from hangfire.counter where key in ('stats:succeeded', 'stats:deleted')
              union all
              select key, value from hangfire.aggregatedcounter where key in ('stats:succeeded', 'stats:deleted')) finished
        group by key
        """;

    // What is counted is bounded over all queues. $1 how many queues, $2 how many jobs.
    internal const string QueuesSql = "with recursive " + QueueRowSql.WaitingNames + """
        , found as materialized (
            select count(*) as n from names
        )
        select names.queue,
               (select count(*) from (
                   select from hangfire.jobqueue
                   where queue = names.queue and fetchedat is null order by fetchedat nulls first, jobid limit $2 / found.n) bounded),
               $2 / found.n, found.n > $1
        from names cross join found
        where names.nth <= $1
        """;

    internal const string OthersSql = """
        select 'retries', count(*) from (select from hangfire.set where key = 'retries' limit $1) bounded
        union all
        select 'servers', count(*) from hangfire.server
        union all
        select name, value from jobrunner.counter
        """;

    // As the planner estimates: what part of the rows that were looked at last was in the state, and how many rows there are by now.
    internal const string EstimateSql = """
        select common.name, (common.part * greatest(c.reltuples, 0) / greatest(c.relpages, 1)
                             * (pg_relation_size(c.oid) / current_setting('block_size')::bigint))::bigint
        from pg_class c
        join pg_namespace n on n.oid = c.relnamespace
        join pg_stats s on s.schemaname = n.nspname and s.tablename = c.relname and s.attname = 'statename' and not s.inherited
        cross join lateral unnest(s.most_common_vals::text::text[], s.most_common_freqs) as common(name, part)
        where c.oid = 'hangfire.job'::regclass
        """;

    public async Task<StoreCounts> CountAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        var (counts, many) = await CountAsync(connection, cancellationToken);
        return many.IsEmpty ? counts : await EstimateAsync(connection, counts, many, cancellationToken);
    }

    async Task<(StoreCounts Counts, ImmutableHashSet<string> Many)> CountAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var batch = Database.IndexedBatch(connection,
            database.Command(StatesSql, Parameters.Of(_byRows, NpgsqlDbType.Text), Parameters.Of(Bound)),
            database.Command(QueuesSql, Parameters.Of(MostQueues), Parameters.Of(Bound)),
            database.Command(OthersSql, Parameters.Of(Bound)));
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.NextResultAsync(cancellationToken);
        var states = await ReadNumbersAsync(reader, cancellationToken);
        var counts = await ReadQueuesAsync(reader, cancellationToken);
        var others = await ReadNumbersAsync(reader, cancellationToken);
        foreach (var state in JobStates.All)
            states.TryAdd(state, 0);
        counts = counts with
        {
            ByState = states,
            Retries = others["retries"],
            RetriesBound = Bound,
            Servers = checked((int)others["servers"]),
            Rescued = others.GetValueOrDefault("rescued"),
            Orphans = others.GetValueOrDefault("orphans"),
        };
        return (counts, [.. _byRows.Where(state => states[state] == Bound)]);
    }

    async Task<StoreCounts> EstimateAsync(
        NpgsqlConnection connection, StoreCounts counts, ImmutableHashSet<string> many, CancellationToken cancellationToken)
    {
        await using var batch = Database.Batch(connection, database.Command(EstimateSql));
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        var estimates = await ReadNumbersAsync(reader, cancellationToken);
        return counts with
        {
            ByState = counts.ByState.ToDictionary(
                state => state.Key, state => many.Contains(state.Key) ? Math.Max(state.Value, estimates.GetValueOrDefault(state.Key)) : state.Value),
            Estimated = many,
        };
    }

    static async Task<StoreCounts> ReadQueuesAsync(NpgsqlDataReader reader, CancellationToken cancellationToken)
    {
        var queues = new Dictionary<string, long>(StringComparer.Ordinal);
        var (bound, hasMore) = (long.MaxValue, false);
        while (await reader.ReadAsync(cancellationToken))
        {
            queues[reader.GetString(0)] = reader.GetInt64(1);
            (bound, hasMore) = (reader.GetInt64(2), reader.GetBoolean(3));
        }

        await reader.NextResultAsync(cancellationToken);
        return new(ImmutableDictionary<string, long>.Empty, 0, 0, queues) { QueueBound = bound, HasMoreQueues = hasMore };
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
