using JobRunner.Storage;
using Npgsql;
using NpgsqlTypes;

namespace JobRunner.Postgres;

/// <summary>
/// Writes what nearly all changes are: that a run is Processing, or has Succeeded. Their guards (Hangfire's lock of the job is ours, the claim is
/// held, the job is in the state that was seen) nearly always hold, since whoever changes a job has its lock. So all are written as if they did,
/// and undone when one did not (decision 5): that costs a third less than looking first. The function is in jobrunner-5.sql.
/// </summary>
sealed class RunWriter(Database database, JobLocks locks, CompatibilityLevel level)
{
    const string WriteSql = """
        select stateids, parents, continuations
        from jobrunner.write_runs(
            lockprefix => $1, jobids => $2, seen => $3, queueids => $4, tokens => $5,
            startedat => $6, started => $7, endedat => $8, ended => $9, retention => $10)
        """;

    /// <summary>True for a change that it can write: one that leaves no line in the history of executions, which the statement for all changes guards.</summary>
    public static bool Writes(StateChange change) =>
        change is { Claim: not null, Parameters: null, Run: null, SeenStateName: JobStates.Enqueued or JobStates.Processing }
        && change.States is [{ Name: JobStates.Processing }, { Name: JobStates.Succeeded }] or [{ Name: JobStates.Processing or JobStates.Succeeded }]
        && change.States.All(state => state.Reason is null);

    /// <summary>Writes changes of different jobs, all or none.</summary>
    /// <returns>The new state rows, in the changes' order, and the jobs that wait for those that have ended; null when nothing was written, because a
    /// guard of one change does not hold.</returns>
    public async Task<(long[] StateIds, List<WaitingChild> Ended)?> TryWriteAsync(
        NpgsqlConnection connection, StateChange[] changes, CancellationToken cancellationToken)
    {
        var order = Enumerable.Range(0, changes.Length).OrderBy(i => changes[i].JobId).ToArray();
        var sorted = Array.ConvertAll(order, i => changes[i]);
        var jobs = Array.ConvertAll(sorted, change => change.JobId);
        await using var batch = Database.Batch(connection, CommandFor(sorted, jobs));
        batch.Timeout = StateWriter.TimeoutSeconds;
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        if (reader.IsDBNull(0))
            return null;
        var ids = reader.GetFieldValue<long[]>(0);
        Array.Sort(order, ids);
        return (ids, reader.IsDBNull(1) ? [] : ReadWaiting(reader, sorted, jobs));
    }

    static List<WaitingChild> ReadWaiting(NpgsqlDataReader reader, StateChange[] sorted, long[] jobs) =>
    [
        .. reader.GetFieldValue<long[]>(1).Zip(reader.GetFieldValue<string?[]>(2))
            .SelectMany(parent => WaitingChild.For(sorted[Array.BinarySearch(jobs, parent.First)], [parent.Second])),
    ];

    NpgsqlBatchCommand CommandFor(StateChange[] sorted, long[] jobs)
    {
        var processing = Array.ConvertAll(sorted, change => change.States.FirstOrDefault(state => state.Name == JobStates.Processing));
        var succeeded = Array.ConvertAll(sorted, change => change.States.FirstOrDefault(state => state.Name == JobStates.Succeeded));
        return database.Command(WriteSql,
            Parameters.Of(locks.Prefix), Parameters.Of(jobs, NpgsqlDbType.Bigint), Parameters.Ids(sorted.Select(change => change.SeenStateId)),
            Parameters.QueueRows(sorted.Select(change => change.Claim!.Value)), Parameters.Tokens(sorted.Select(change => change.Claim!.Value)),
            At(processing), Data(processing), At(succeeded), Data(succeeded),
            Parameters.Of(Array.ConvertAll(sorted, change => change.Retention), NpgsqlDbType.Interval));
    }

    static NpgsqlParameter At(JobState?[] states) => Parameters.Of(Array.ConvertAll(states, state => state?.CreatedAt.UtcDateTime), NpgsqlDbType.TimestampTz);

    NpgsqlParameter Data(JobState?[] states) => Parameters.Of(
        Array.ConvertAll(states, state => state is null ? null : StateData.WriteUtf8(StateLevel.At(level, state))), NpgsqlDbType.Jsonb);
}
