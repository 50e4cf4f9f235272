using JobRunner.Storage;

namespace JobRunner.Postgres;

/// <summary>A job that waits for one that has ended.</summary>
/// <param name="JobId">The job that waits.</param>
/// <param name="ParentState">The state in which the other one ended; null when that is gone.</param>
readonly record struct WaitingChild(long JobId, string? ParentState)
{
    /// <summary>Those that wait for a job, by the job parameter that lists them.</summary>
    public static IEnumerable<WaitingChild> For(StateChange ended, string?[] continuations) =>
        continuations.SelectMany(Continuation.JobIds).Select(id => new WaitingChild(id, ended.States[^1].Name));
}
