using JobRunner.Storage;
using Npgsql;

namespace JobRunner.Postgres;

/// <summary>Writes changes of state, with all that follows from them but the release of jobs that wait for those that end.</summary>
/// <param name="database">The database.</param>
/// <param name="locks">Under which each job is changed.</param>
/// <param name="level">The form in which to write.</param>
/// <param name="history">Writes lines of the history of executions; null when that is not kept.</param>
sealed class StateWriter(Database database, JobLocks locks, CompatibilityLevel level, HistoryLines? history = null)
{
    // A result may have many megabytes.
    const int LongTimeoutSeconds = 30;

    /// <summary>Applies the ends and marks of executions, all or none.</summary>
    /// <returns>Null when nothing was written, because a guard of one of them does not hold or its job is locked.</returns>
    public async Task<(AppliedChanges Applied, List<Waiting> Ended)?> TryOptimisticallyAsync(
        NpgsqlConnection connection, IReadOnlyList<StateChange> changes, CancellationToken cancellationToken)
    {
        if (!changes.All(change => change.Claim is not null))
            return null;
        var rounds = Rounds(changes);
        if (rounds.Count > 1)
            return null;
        var columns = new StateChangeColumns(rounds[0], level);
        await using var batch = Database.IndexedBatch(connection,
            locks.TakeAll(columns.JobIds),
            database.Command(StateChangeSql.Optimistic, columns.ToParameters(database.Names.Own, locks.Prefix)),
            locks.Drop(columns.JobIds));
        if (history is not null && await history.OfChangesAsync(connection, changes, allTake: true, cancellationToken) is { } lines)
            batch.BatchCommands.Insert(batch.BatchCommands.Count - 1, lines);
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
    public async Task<(AppliedChanges Applied, List<Waiting> Ended)> ApplyAsync(
        NpgsqlConnection connection, IReadOnlyList<StateChange> changes, CancellationToken cancellationToken)
    {
        await using var batch = Database.IndexedBatch(connection);
        var ids = changes.Select(change => change.JobId).Distinct().Order().ToArray();
        batch.BatchCommands.Add(locks.Take(ids));
        foreach (var round in Rounds(changes))
        {
            foreach (var kind in round.GroupBy(numbered => numbered.Item.Claim is not null))
            {
                var columns = new StateChangeColumns(kind, level);
                batch.BatchCommands.Add(database.Command(kind.Key ? StateChangeSql.Claimed : StateChangeSql.Outside,
                    columns.ToParameters(database.Names.Own, locks.Prefix)));
                if (kind.Key && history is not null
                    && await history.OfChangesAsync(connection, kind.Select(numbered => numbered.Item), allTake: false, cancellationToken) is { } lines)
                    batch.BatchCommands.Add(lines);
            }
        }

        batch.BatchCommands.Add(locks.Drop(ids));
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
