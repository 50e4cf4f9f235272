using JobRunner.Storage;
using Npgsql;

namespace JobRunner.Postgres;

sealed partial class PostgresJobStore
{
    /// <returns>For each change the new state id, or null. A batch may mix changes by executions, which must hold their claims,
    /// and changes from outside: each kind has its statement, and both go in one round trip and one transaction.</returns>
    public async Task<IReadOnlyList<long?>> ApplyAsync(IReadOnlyList<StateChange> changes, CancellationToken cancellationToken)
    {
        if (changes.Count == 0)
            return [];
        await using var connection = await ConnectAsync(cancellationToken);
        return await ApplyAsync(connection, changes, cancellationToken);
    }

    async Task<long?[]> ApplyAsync(NpgsqlConnection connection, IReadOnlyList<StateChange> changes, CancellationToken cancellationToken)
    {
        RefuseTwoChangesOfOneJob(changes);
        await using var batch = IndexedBatch(connection);
        var claimed = new StateChangeColumns(changes, change => change.Claim is not null);
        var outside = new StateChangeColumns(changes, change => change.Claim is null);

        // Hangfire's job lock rows will go in front of these (in the same transaction): there is room in the batch.
        foreach (var (sql, columns) in new[] { (ApplyClaimedSql, claimed), (ApplyOutsideSql, outside) })
        {
            if (columns.Count > 0)
                batch.BatchCommands.Add(Command(sql, columns.ToParameters(_options.JobExpiration, _names.Own)));
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

    static void RefuseTwoChangesOfOneJob(IReadOnlyList<StateChange> changes)
    {
        var seen = new HashSet<long>(changes.Count);
        foreach (var change in changes)
        {
            if (!seen.Add(change.JobId))
                throw new ArgumentException($"Job {change.JobId} has two changes in one batch; give each its own.", nameof(changes));
            if (change.States.Count is < 1 or > StateChangeColumns.Slots)
                throw new ArgumentException(
                    $"The change of job {change.JobId} has {change.States.Count} states; it must have 1 to {StateChangeColumns.Slots}.", nameof(changes));
        }
    }
}
