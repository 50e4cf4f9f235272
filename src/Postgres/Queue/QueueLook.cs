using JobRunner.Storage;
using NpgsqlTypes;

namespace JobRunner.Postgres;

/// <summary>Says what there is to do.</summary>
sealed class QueueLook(Database database, WaitingQueues waiting)
{
    // Four index lookups, in one statement because every idle worker runs it twice a second. The database's clock decides what
    // is due, so that a worker whose clock is wrong does nothing early.
    internal const string LookSql = """
        select array(
                   select wanted.queue from unnest($1::text[]) as wanted(queue)
                   cross join lateral (
                       select from hangfire.jobqueue
                       where queue = wanted.queue and fetchedat is null
                       order by fetchedat nulls first, jobid limit 1) head),
               (select score from hangfire.set where key = 'schedule' order by score limit 1)
                   - extract(epoch from clock_timestamp())::float8,
               (select score from hangfire.set where key = 'recurring-jobs' and score >= 0 order by score limit 1)
                   - extract(epoch from clock_timestamp())::float8
        """;

    public async Task<StoreOutlook> LookAsync(IReadOnlyList<string> queues, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        if (queues.Count > WaitingQueues.Many)
            queues = (await waiting.FindAsync(connection, queues, WaitingQueues.Many, cancellationToken)).Queues;
        await using var batch = Database.Batch(connection, database.Command(LookSql, Parameters.Of(queues.ToArray(), NpgsqlDbType.Text)));
        batch.Timeout = Database.HotTimeoutSeconds;
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return new(reader.GetFieldValue<string[]>(0), StoredSeconds.ReadOrNull(reader, 1), StoredSeconds.ReadOrNull(reader, 2));
    }
}
