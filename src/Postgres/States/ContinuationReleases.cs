using System.Collections.Concurrent;
using JobRunner.Storage;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace JobRunner.Postgres;

/// <summary>
/// Jobs that wait are released right after the transaction that ended their parent, in one of their own: so each transaction
/// takes its job locks at once and in order, and batches cannot wait for each other in a circle. What a crash between the two
/// leaves is found by the sweep (AwaitingSweep), and so is a job whose own state was not there yet. Nothing is released
/// twice: the release is a change of state like any other, guarded by the state Awaiting that it saw.
/// </summary>
sealed class ContinuationReleases(
    Database database, StateWriter writer, CallQueues queues, RetentionRule retention, TimeProvider time, ILogger logger)
{
    const int Batch = 1000;
    const int MostNotYet = 10_000;

    // Jobs that a Hangfire client is still making: it lists them with their parent first and gives them their state after that.
    readonly ConcurrentDictionary<WaitingChild, byte> _notYet = new();

    /// <summary>How many jobs could not be released yet.</summary>
    public int NotYet => _notYet.Count;

    /// <summary>Takes out those that could not be released yet.</summary>
    public List<WaitingChild> TakeNotYet()
    {
        var waiting = _notYet.Keys.ToList();
        _notYet.Clear();
        return waiting;
    }

    /// <summary>Releases, or leaves it to the sweep: the parents' end is written, and must not look as if it were not.</summary>
    public async Task TryReleaseAsync(NpgsqlConnection connection, List<WaitingChild> waiting, CancellationToken cancellationToken)
    {
        try
        {
            await ReleaseAsync(connection, waiting, cancellationToken);
        }
        catch (Exception e)
        {
            logger.NotReleased(e, waiting.Count);
        }
    }

    /// <returns>How many were released, or deleted because they waited for another end.</returns>
    public async Task<int> ReleaseAsync(NpgsqlConnection connection, List<WaitingChild> waiting, CancellationToken cancellationToken)
    {
        var released = 0;
        while (waiting.Count > 0)
        {
            // What is deleted now may have jobs that wait for it: the next generation.
            var next = new List<WaitingChild>();
            foreach (var some in waiting.DistinctBy(job => job.JobId).Chunk(Batch))
            {
                var seen = await SeeWaitingAsync(connection, some, cancellationToken);
                if (seen.Count == 0)
                    continue;
                var (applied, ended) = await writer.ApplyAsync(connection, [.. seen.Select(job => job.Change)], cancellationToken);
                foreach (var busy in applied.Busy)
                    LookAgain(seen[busy].Job);
                next.AddRange(ended);
                released += applied.Count(id => id is not null);
            }

            waiting = next;
        }

        return released;
    }

    // For how long Hangfire, too, takes a job without a state for one that is still being made.
    const string SeeWaitingSql = $"""
        select {SeenJob.ColumnsSql},
               (select s.data from hangfire.state s where s.id = job.stateid), createdat > now() - interval '15 minutes'
        from hangfire.job where id = any($1) and coalesce(statename, 'Awaiting') = 'Awaiting'
        """;

    async Task<List<(WaitingChild Job, StateChange Change)>> SeeWaitingAsync(
        NpgsqlConnection connection, WaitingChild[] waiting, CancellationToken cancellationToken)
    {
        var seen = await ReadWaitingAsync(connection, waiting, cancellationToken);
        var named = await queues.ReadAsync(
            connection, seen.Where(job => job.Next.Name == JobStates.Enqueued).Select(job => (job.Seen.JobId, job.Seen.Call)), cancellationToken);
        return seen.ConvertAll(
            job => (job.Job, ChangeOf(job.Seen, named.GetValueOrDefault(job.Seen.JobId) is { } queue ? job.Next.In(queue) : job.Next)));

        StateChange ChangeOf(SeenJob job, JobState next) => job.To(next, retention.Of(next, job.Call));
    }

    async Task<List<(WaitingChild Job, SeenJob Seen, JobState Next)>> ReadWaitingAsync(
        NpgsqlConnection connection, WaitingChild[] waiting, CancellationToken cancellationToken)
    {
        var parents = waiting.ToDictionary(job => job.JobId);
        var seen = new List<(WaitingChild, SeenJob, JobState)>(waiting.Length);
        var now = time.GetUtcNow();
        await using var batch = Database.IndexedBatch(connection, database.Command(SeeWaitingSql, Parameters.Ids(parents.Keys)));
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.NextResultAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            var job = parents[reader.GetInt64(0)];
            if (!reader.IsDBNull(2))
                seen.Add((job, SeenJob.Read(reader), AwaitingState.Release(StateData.Read(StoredText.ReadOrNull(reader, 4)), job.ParentState, now)));
            else if (reader.GetBoolean(5))
                LookAgain(job);
        }

        return seen;
    }

    // A process that only enqueues never looks again, hence the limit; then the sweep of some worker does it.
    void LookAgain(WaitingChild job)
    {
        if (_notYet.Count < MostNotYet)
            _notYet.TryAdd(job, 0);
    }
}
