using JobRunner.Storage;

namespace JobRunner.Postgres;

/// <summary>Changes of state that no execution makes: a person's, or a program's.</summary>
sealed class OutsideChanges(
    Database database, StateChanges changes, CallQueues queues, JobLocks locks, RetentionRule retention, TimeProvider time)
{
    // Somebody else may change a job between our look and our change. Then we look again: a person's click should not get lost.
    const int Attempts = 5;
    const int Batch = 1000;

    static readonly TimeSpan _lockPause = TimeSpan.FromMilliseconds(100);

    /// <summary>Changes jobs, whatever state they are in.</summary>
    /// <param name="jobIds">The jobs.</param>
    /// <param name="concerns">Whether a job in this state is to be changed.</param>
    /// <param name="to">The state that they enter; Enqueued in the queue that a call's attributes name, if they name one.</param>
    /// <param name="cancellationToken">Ends the wait for locks.</param>
    /// <returns>How many were.</returns>
    /// <exception cref="TimeoutException">Somebody else keeps some of them locked. All others were.</exception>
    public async Task<int> ChangeAllAsync(
        IReadOnlyList<long> jobIds, Func<string, bool> concerns, JobState to, CancellationToken cancellationToken)
    {
        var changed = 0;
        var locked = new List<long>();
        foreach (var some in jobIds.Distinct().Chunk(Batch))
            changed += await ChangeSomeAsync(some, concerns, to, locked, cancellationToken);

        // Only now: who has a lock keeps it for a moment, and nothing else should have to wait for that.
        var started = time.GetTimestamp();
        while (locked.Count > 0)
        {
            if (time.GetElapsedTime(started) > JobLocks.Timeout)
                throw locks.LockedTooLong(locked);
            await Task.Delay(_lockPause, time, cancellationToken);
            long[] again = [.. locked];
            locked.Clear();
            foreach (var some in again.Chunk(Batch))
                changed += await ChangeSomeAsync(some, concerns, to, locked, cancellationToken);
        }

        return changed;
    }

    /// <summary>Changes those that nobody else has locked, and says which the others are.</summary>
    async Task<int> ChangeSomeAsync(
        long[] jobIds, Func<string, bool> concerns, JobState to, List<long> locked, CancellationToken cancellationToken)
    {
        var changed = 0;
        await using var connection = await database.OpenAsync(cancellationToken);
        for (var attempt = 0; attempt < Attempts && jobIds.Length > 0; attempt++)
        {
            var seen = await SeenJob.ReadAsync(connection, database.Command(SeeSql, Parameters.Ids(jobIds)), cancellationToken);
            seen.RemoveAll(job => !concerns(job.StateName));
            if (seen.Count == 0)
                break;
            var named = to.Name == JobStates.Enqueued ? await queues.ReadAsync(connection, seen.Select(job => (job.JobId, job.Call)), cancellationToken) : null;
            var wanted = seen.Select(job => ChangeOf(job, named?.GetValueOrDefault(job.JobId) is { } queue ? to.In(queue) : to)).ToArray();
            var applied = await changes.ApplyAsync(connection, wanted, cancellationToken);
            locked.AddRange(applied.Busy.Select(i => wanted[i].JobId));
            changed += applied.Count(id => id is not null);
            jobIds = [.. wanted.Where((_, i) => applied[i] is null && !applied.Busy.Contains(i)).Select(change => change.JobId)];
        }

        return changed;

        StateChange ChangeOf(SeenJob job, JobState state) => job.To(state, retention.Of(state, job.Call));
    }

    // A job without a state is still being made by a Hangfire client; its state is nobody else's yet.
    const string SeeSql = $"""
        select {SeenJob.ColumnsSql}
        from hangfire.job where id = any($1) and statename is not null
        """;
}
