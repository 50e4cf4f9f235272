using JobRunner.Storage;

namespace JobRunner.InMemory;

/// <summary>Changes of state by executions and from outside, each guarded. Touched only under the state's lock.</summary>
sealed class InMemoryChanges(InMemoryState state)
{
    static readonly Dictionary<string, string?> _noParameters = [];

    /// <returns>The id of the job's new state row, or null when the change did not take.</returns>
    public long? Apply(StateChange change)
    {
        var row = change.Claim is { } claim ? state.Queues.Held(claim) : null;
        if (change.Claim is not null && Written(change, row is not null) is { } written)
            return written;
        if (row is not null && change.EndsClaim)
            state.Queues.Remove(row);
        if (change.Claim is not null && row is null)
            return null;
        if (!state.Jobs.TryGetValue(change.JobId, out var job) || job.StateId != change.SeenStateId)
            return null;

        foreach (var (name, value) in change.Parameters ?? _noParameters)
            job.Parameters[name] = value;
        if (change.EndsClaim)
            state.History.Add(job, change.Run, change.States);
        state.States.Enter(job, job.State.Name, change.States, change.Retention);
        return job.StateId;
    }

    // A change whose answer was lost comes once more. Its first row is in the history, right after the one that it saw; rows that
    // look like it are its own, because Processing names the run.
    long? Written(StateChange change, bool held)
    {
        if (!state.Jobs.TryGetValue(change.JobId, out var job) || job.StateId == change.SeenStateId)
            return null;
        var written = change.EndsClaim ? job.History.Any(seen => IsSame(seen, change.States[0])) : held && IsSame(job.State, change.States[0]);
        return written ? job.StateId : null;
    }

    static bool IsSame(JobState a, JobState b) =>
        a.Name == b.Name && a.Data.Count == b.Data.Count && a.Data.All(pair => b.Data.GetValueOrDefault(pair.Key) == pair.Value);
}
