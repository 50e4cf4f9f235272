using JobRunner.Storage;
using Npgsql;
using NpgsqlTypes;

namespace JobRunner.Postgres;

/// <summary>Writes changes of state, with all that follows from them but the release of jobs that wait for those that end.</summary>
/// <param name="database">The database.</param>
/// <param name="locks">Under which each job is changed.</param>
/// <param name="level">The form in which to write.</param>
/// <param name="history">Writes lines of the history of executions; null when that is not kept.</param>
sealed class StateWriter(Database database, JobLocks locks, CompatibilityLevel level, HistoryLines? history = null)
{
    /// <summary>The time limit of a write, in seconds: a result may have many megabytes.</summary>
    public const int TimeoutSeconds = 30;

    /// <summary>One round trip and one transaction (the caller's, if it has one), also for a batch that mixes changes by
    /// executions, which must hold their claims, and changes from outside.</summary>
    /// <returns>What became of each change, and the jobs that wait for a job that has ended by one.</returns>
    public async Task<(AppliedChanges Applied, List<WaitingChild> Ended)> ApplyAsync(
        NpgsqlConnection connection, IReadOnlyList<StateChange> changes, CancellationToken cancellationToken)
    {
        await using var batch = Database.IndexedBatch(connection);
        var ids = changes.Select(change => change.JobId).Distinct().Order().ToArray();
        batch.BatchCommands.Add(locks.Take(ids));
        foreach (var round in Rounds(changes))
        {
            batch.BatchCommands.Add(CommandFor(round));
            if (history is not null
                && await history.OfChangesAsync(connection, round.Select(numbered => numbered.Change), cancellationToken) is { } lines)
                batch.BatchCommands.Add(lines);
        }

        batch.BatchCommands.Add(locks.Drop(ids));
        batch.Timeout = TimeoutSeconds;
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        return await ReadAppliedAsync(reader, changes, cancellationToken);
    }

    NpgsqlBatchCommand CommandFor(List<(int Index, StateChange Change)> changes) => database.Command(StateChangeSql.Apply,
        new NpgsqlParameter<string> { TypedValue = StateChangeJson.Write(changes, level), NpgsqlDbType = NpgsqlDbType.Json },
        Parameters.Of(locks.Prefix), Parameters.Of(database.Names.Own));

    static async Task<(AppliedChanges Applied, List<WaitingChild> Ended)> ReadAppliedAsync(
        NpgsqlDataReader reader, IReadOnlyList<StateChange> changes, CancellationToken cancellationToken)
    {
        var taken = new long?[changes.Count];
        HashSet<int>? busy = null;
        List<WaitingChild> ended = [];
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
                    ended.AddRange(WaitingChild.For(changes[index], reader.GetFieldValue<string?[]>(4)));
            }
        }

        return (new(taken, busy), ended);
    }

    // A statement can change a row once only. One batch has two changes of one job when an execution that lost its claim, and
    // the next one of the same job in the same worker, end together: the second change follows in a round of its own.
    static List<List<(int Index, StateChange Change)>> Rounds(IReadOnlyList<StateChange> changes)
    {
        var seen = new Dictionary<long, int>(changes.Count);
        var rounds = new List<List<(int, StateChange)>>(1);
        foreach (var (index, change) in changes.Index())
        {
            if (change.States.Count == 0)
                throw new ArgumentException($"The change of job {change.JobId} has no state.", nameof(changes));
            var round = seen.GetValueOrDefault(change.JobId);
            seen[change.JobId] = round + 1;
            if (round == rounds.Count)
                rounds.Add(new(changes.Count));
            rounds[round].Add((index, change));
        }

        return rounds;
    }
}
