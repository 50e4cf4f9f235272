using JobRunner.Storage;
using Npgsql;

namespace JobRunner.Postgres;

/// <summary>Changes of jobs' states, from the locks of the jobs to the release of those that wait for them.</summary>
sealed class StateChanges(Database database, StateWriter writer, RepeatedChanges repeated, JobLocks locks, ContinuationReleases releases)
{
    public async Task<AppliedChanges> ApplyAsync(IReadOnlyList<StateChange> changes, CancellationToken cancellationToken)
    {
        if (changes.Count == 0)
            return new([]);
        await using var connection = await database.OpenAsync(cancellationToken);
        return await ApplyAsync(connection, changes, cancellationToken);
    }

    /// <summary>Applies changes in a transaction of their own, then releases the jobs that wait for those that ended.</summary>
    public async Task<AppliedChanges> ApplyAsync(
        NpgsqlConnection connection, IReadOnlyList<StateChange> changes, CancellationToken cancellationToken)
    {
        var (applied, ended) = await writer.TryOptimisticallyAsync(connection, changes, cancellationToken)
            ?? await writer.ApplyAsync(connection, changes, cancellationToken);
        applied = await repeated.RecognizeAsync(connection, changes, applied, cancellationToken);
        if (applied.Busy.Count > 0)
            await locks.ForgetDeadAsync(connection, applied.Busy.Select(i => changes[i].JobId), cancellationToken);
        if (ended.Count > 0)
            await releases.TryReleaseAsync(connection, ended, cancellationToken);
        return applied;
    }
}
