using JobRunner.Storage;
using Npgsql;

namespace JobRunner.Postgres;

/// <summary>Changes of jobs' states, from the locks of the jobs to the release of those that wait for them.</summary>
sealed class StateChanges(
    Database database, RunWriter runs, StateWriter writer, RepeatedChanges repeated, JobLocks locks, ContinuationReleases releases)
{
    /// <summary>Applies changes, each whole or not at all, then releases the jobs that wait for those that ended.</summary>
    public async Task<AppliedChanges> ApplyAsync(IReadOnlyList<StateChange> changes, CancellationToken cancellationToken)
    {
        if (changes.Count == 0)
            return new([]);
        await using var connection = await database.OpenAsync(cancellationToken);
        return await ApplyAsync(connection, changes, cancellationToken);
    }

    /// <inheritdoc cref="ApplyAsync(IReadOnlyList{StateChange}, CancellationToken)"/>
    public async Task<AppliedChanges> ApplyAsync(
        NpgsqlConnection connection, IReadOnlyList<StateChange> changes, CancellationToken cancellationToken)
    {
        var taken = new long?[changes.Count];
        var busy = new HashSet<int>();
        var released = new List<WaitingChild>();
        var rest = await WriteRunsAsync(connection, changes, taken, released, cancellationToken);
        if (rest.Length > 0)
        {
            var (applied, ended) = await writer.ApplyAsync(connection, Array.ConvertAll(rest, i => changes[i]), cancellationToken);
            for (var i = 0; i < rest.Length; i++)
                taken[rest[i]] = applied[i];
            busy.UnionWith(applied.Busy.Select(i => rest[i]));
            released.AddRange(ended);
        }

        var result = await repeated.RecognizeAsync(connection, changes, new(taken, busy), cancellationToken);
        if (busy.Count > 0)
            await locks.ForgetDeadAsync(connection, busy.Select(i => changes[i].JobId), cancellationToken);
        if (released.Count > 0)
            await releases.TryReleaseAsync(connection, released, cancellationToken);
        return result;
    }

    /// <returns>The places of the changes that have still to be written. Two changes of one job are left, so that they keep their order.</returns>
    async Task<int[]> WriteRunsAsync(
        NpgsqlConnection connection, IReadOnlyList<StateChange> changes, long?[] taken, List<WaitingChild> released, CancellationToken cancellationToken)
    {
        var jobs = changes.CountBy(change => change.JobId).ToDictionary();
        int[] all = [.. Enumerable.Range(0, changes.Count)];
        var plain = Array.FindAll(all, i => RunWriter.Writes(changes[i]) && jobs[changes[i].JobId] == 1);
        if (plain.Length == 0 || await runs.TryWriteAsync(connection, Array.ConvertAll(plain, i => changes[i]), cancellationToken) is not var (ids, ended))
            return all;
        for (var i = 0; i < plain.Length; i++)
            taken[plain[i]] = ids[i];
        released.AddRange(ended);
        return Array.FindAll(all, i => taken[i] is null);
    }
}
