using JobRunner.Storage;
using Npgsql;

namespace JobRunner.Postgres;

sealed partial class PostgresJobStore
{
    // A result may have many megabytes.
    const int LongTimeoutSeconds = 30;

    public async Task<AppliedChanges> ApplyAsync(IReadOnlyList<StateChange> changes, CancellationToken cancellationToken)
    {
        if (changes.Count == 0)
            return new([]);
        await using var connection = await ConnectAsync(cancellationToken);
        return await ApplyAndReleaseAsync(connection, changes, cancellationToken);
    }

    /// <summary>Applies changes in a transaction of their own, then releases the jobs that wait for those that ended.</summary>
    async Task<AppliedChanges> ApplyAndReleaseAsync(
        NpgsqlConnection connection, IReadOnlyList<StateChange> changes, CancellationToken cancellationToken)
    {
        var (applied, ended) = await TryOptimisticallyAsync(connection, changes, cancellationToken)
            ?? await ApplyAsync(connection, changes, cancellationToken);
        applied = await RecognizeAsync(connection, changes, applied, cancellationToken);
        if (applied.Busy.Count > 0)
            await ForgetDeadJobLocksAsync(connection, applied.Busy.Select(i => changes[i].JobId), cancellationToken);
        if (ended.Count > 0)
            await TryReleaseAsync(connection, ended, cancellationToken);
        return applied;
    }

    /// <summary>Applies the ends and marks of executions, all or none.</summary>
    /// <returns>Null when nothing was written, because a guard of one of them does not hold or its job is locked.</returns>
    async Task<(AppliedChanges Applied, List<Waiting> Ended)?> TryOptimisticallyAsync(
        NpgsqlConnection connection, IReadOnlyList<StateChange> changes, CancellationToken cancellationToken)
    {
        if (!changes.All(change => change.Claim is not null))
            return null;
        var rounds = Rounds(changes);
        if (rounds.Count > 1)
            return null;
        var columns = new StateChangeColumns(rounds[0], _level);
        await using var batch = IndexedBatch(connection,
            OnLocksOf(LockAllJobsSql, columns.JobIds),
            Command(ApplyOptimisticallySql, columns.ToParameters(_options.JobExpiration, _names.Own, JobLockPrefix)),
            OnLocksOf(UnlockJobsSql, columns.JobIds));
        batch.Timeout = LongTimeoutSeconds;
        try
        {
            await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
            return await ReadAppliedAsync(reader, changes, cancellationToken);
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.InvalidTextRepresentation)
        {
            return null;
        }
    }

    /// <summary>One round trip and one transaction (the caller's, if it has one), also for a batch that mixes changes by
    /// executions, which must hold their claims, and changes from outside: each kind has its statement.</summary>
    /// <returns>What became of each change, and the jobs that wait for a job that has ended by one.</returns>
    async Task<(AppliedChanges Applied, List<Waiting> Ended)> ApplyAsync(
        NpgsqlConnection connection, IReadOnlyList<StateChange> changes, CancellationToken cancellationToken)
    {
        await using var batch = IndexedBatch(connection);
        var ids = changes.Select(change => change.JobId).Distinct().Order().ToArray();
        batch.BatchCommands.Add(OnLocksOf(LockJobsSql, ids));
        foreach (var round in Rounds(changes))
        {
            foreach (var kind in round.GroupBy(numbered => numbered.Item.Claim is not null))
            {
                var columns = new StateChangeColumns(kind, _level);
                batch.BatchCommands.Add(Command(kind.Key ? ApplyClaimedSql : ApplyOutsideSql,
                    columns.ToParameters(_options.JobExpiration, _names.Own, JobLockPrefix)));
            }
        }

        batch.BatchCommands.Add(OnLocksOf(UnlockJobsSql, ids));
        batch.Timeout = LongTimeoutSeconds;
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        return await ReadAppliedAsync(reader, changes, cancellationToken);
    }

    static async Task<(AppliedChanges Applied, List<Waiting> Ended)> ReadAppliedAsync(
        NpgsqlDataReader reader, IReadOnlyList<StateChange> changes, CancellationToken cancellationToken)
    {
        var taken = new long?[changes.Count];
        HashSet<int>? busy = null;
        List<Waiting> ended = [];
        while (await reader.NextResultAsync(cancellationToken))
        {
            while (await reader.ReadAsync(cancellationToken))
            {
                var index = reader.GetInt32(0);
                if (reader.IsDBNull(1))
                    (busy ??= []).Add(index);
                else
                    taken[index] = reader.GetInt64(1);
                if (!reader.IsDBNull(4))
                    ended.AddRange(Waiting.For(changes[index], reader.GetFieldValue<string?[]>(4)));
            }
        }

        return (new(taken, busy), ended);
    }

    // A statement can change a row once only. One batch has two changes of one job when an execution that lost its claim, and
    // the next one of the same job in the same worker, end together: the second change follows in a round of its own.
    static List<List<(int Index, StateChange Item)>> Rounds(IReadOnlyList<StateChange> changes)
    {
        var seen = new Dictionary<long, int>(changes.Count);
        var rounds = new List<List<(int, StateChange)>>(1);
        foreach (var (index, change) in changes.Index())
        {
            if (change.States.Count is < 1 or > StateChangeColumns.Slots)
                throw new ArgumentException(
                    $"The change of job {change.JobId} has {change.States.Count} states; it must have 1 to {StateChangeColumns.Slots}.",
                    nameof(changes));
            var round = seen.GetValueOrDefault(change.JobId);
            seen[change.JobId] = round + 1;
            if (round == rounds.Count)
                rounds.Add(new(changes.Count));
            rounds[round].Add((index, change));
        }

        return rounds;
    }
}
