using JobRunner.Storage;
using Npgsql;

namespace JobRunner.Postgres;

sealed partial class PostgresJobStore
{
    public async Task<IReadOnlyList<long?>> ApplyAsync(IReadOnlyList<StateChange> changes, CancellationToken cancellationToken)
    {
        if (changes.Count == 0)
            return [];
        await using var connection = await ConnectAsync(cancellationToken);
        return await ApplyAsync(connection, changes, cancellationToken);
    }

    /// <summary>One round trip and one transaction, also for a batch that mixes changes by executions, which must hold their
    /// claims, and changes from outside: each kind has its statement.</summary>
    async Task<long?[]> ApplyAsync(NpgsqlConnection connection, IReadOnlyList<StateChange> changes, CancellationToken cancellationToken)
    {
        await using var batch = IndexedBatch(connection);

        // Hangfire's job lock rows will go in front (in the same transaction): there is room in the batch.
        foreach (var round in Rounds(changes))
        {
            foreach (var kind in round.GroupBy(numbered => numbered.Item.Claim is not null))
            {
                var columns = new StateChangeColumns([.. kind], _level);
                batch.BatchCommands.Add(Command(
                    kind.Key ? ApplyClaimedSql : ApplyOutsideSql, columns.ToParameters(_options.JobExpiration, _names.Own)));
            }
        }

        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        var taken = new long?[changes.Count];
        while (await reader.NextResultAsync(cancellationToken))
        {
            while (await reader.ReadAsync(cancellationToken))
                taken[reader.GetInt32(0)] = reader.GetInt64(1);
        }

        return taken;
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
