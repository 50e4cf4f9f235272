using JobRunner.Storage;
using Npgsql;

namespace JobRunner.Postgres;

sealed partial class PostgresJobStore
{
    // Somebody else may change a job between our look and our change. Then we look again: a person's click should not get lost.
    const int OutsideAttempts = 5;
    const int OutsideBatch = 1000;

    public Task<int> RequeueAsync(IReadOnlyList<long> jobIds, string? reason, CancellationToken cancellationToken) =>
        ChangeAllAsync(jobIds, _ => true, job => JobState.Enqueued(QueueOf(job), _time.GetUtcNow(), reason), cancellationToken);

    public Task<int> DeleteAsync(IReadOnlyList<long> jobIds, string? reason, CancellationToken cancellationToken) =>
        ChangeAllAsync(jobIds, state => state != JobStates.Deleted, _ => JobState.Deleted(_time.GetUtcNow(), reason), cancellationToken);

    async Task<int> ChangeAllAsync(
        IReadOnlyList<long> jobIds, Func<string, bool> concerns, Func<SeenJob, JobState> to, CancellationToken cancellationToken)
    {
        var changed = 0;
        var locked = new List<long>();
        foreach (var some in jobIds.Distinct().Chunk(OutsideBatch))
            changed += await ChangeSomeAsync(some, concerns, to, locked, cancellationToken);

        // Only now: who has a lock keeps it for a moment, and nothing else should have to wait for that.
        var started = _time.GetTimestamp();
        while (locked.Count > 0)
        {
            if (_time.GetElapsedTime(started) > _jobLockTimeout)
                throw LockedTooLong(locked);
            await Task.Delay(_jobLockPause, _time, cancellationToken);
            long[] again = [.. locked];
            locked.Clear();
            foreach (var some in again.Chunk(OutsideBatch))
                changed += await ChangeSomeAsync(some, concerns, to, locked, cancellationToken);
        }

        return changed;
    }

    /// <summary>Changes those that nobody else has locked, and says which the others are.</summary>
    async Task<int> ChangeSomeAsync(
        long[] jobIds, Func<string, bool> concerns, Func<SeenJob, JobState> to, List<long> locked, CancellationToken cancellationToken)
    {
        var changed = 0;
        await using var connection = await ConnectAsync(cancellationToken);
        for (var attempt = 0; attempt < OutsideAttempts && jobIds.Length > 0; attempt++)
        {
            var seen = await SeeAsync(connection, Command(SeeSql, Parameters.Ids(jobIds)), cancellationToken);
            var changes = seen.Where(job => concerns(job.StateName)).Select(job => job.To(to(job))).ToArray();
            if (changes.Length == 0)
                break;
            var applied = await ApplyAndReleaseAsync(connection, changes, cancellationToken);
            locked.AddRange(applied.Busy.Select(i => changes[i].JobId));
            changed += applied.Count(id => id is not null);
            jobIds = [.. changes.Where((_, i) => applied[i] is null && !applied.Busy.Contains(i)).Select(change => change.JobId)];
        }

        return changed;
    }

    // A job without a state is still being made by a Hangfire client; its state is nobody else's yet.
    const string SeeSql = """
        select id, coalesce(stateid, 0), statename, invocationdata, arguments
        from hangfire.job where id = any($1) and statename is not null
        """;

    static async Task<List<SeenJob>> SeeAsync(NpgsqlConnection connection, NpgsqlBatchCommand command, CancellationToken cancellationToken)
    {
        await using var batch = IndexedBatch(connection, command);
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.NextResultAsync(cancellationToken);
        var seen = new List<SeenJob>();
        while (await reader.ReadAsync(cancellationToken))
        {
            var call = StoredCall.Read(reader.GetString(3), reader.GetString(4)).Invocation;
            seen.Add(new(reader.GetInt64(0), reader.GetInt64(1), reader.GetString(2), call, call?.Queue));
        }

        return seen;
    }

    JobState WithQueue(JobState state, Invocation? call) => _queues?.Apply(state, call) ?? state;

    string QueueOf(SeenJob job) => _queues?.Of(job.Call) ?? QueueName.Default;

    readonly record struct SeenJob(long JobId, long StateId, string StateName, Invocation? Call, string? OwnQueue)
    {
        public StateChange To(JobState state) => new(JobId, StateId, StateName, [state], OwnQueue);
    }
}
