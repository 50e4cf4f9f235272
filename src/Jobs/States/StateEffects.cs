using System.Globalization;

namespace JobRunner;

/// <summary>
/// What a change of state does besides the history rows: the queue row, the sets and the counters that
/// Hangfire keeps. A pure function of the change, shared by every store, so that both obey the same rules.
/// </summary>
public readonly record struct StateEffects
{
    /// <summary>The queue that gets a row, or null.</summary>
    public string? EnqueueTo { get; private init; }

    /// <summary>The score of the entry in set <c>schedule</c> (Unix seconds), or null for none.</summary>
    public double? ScheduleScore { get; private init; }

    /// <summary>The score of the entry in set <c>awaiting</c> (Unix seconds), or null for none.</summary>
    public double? AwaitingScore { get; private init; }

    /// <summary>True when the job gets an entry in set <c>retries</c>.</summary>
    public bool AddsRetry { get; private init; }

    /// <summary>True when the job leaves set <c>schedule</c>.</summary>
    public bool LeavesSchedule { get; private init; }

    /// <summary>True when the job leaves set <c>retries</c>.</summary>
    public bool LeavesRetries { get; private init; }

    /// <summary>True when the job leaves set <c>awaiting</c>.</summary>
    public bool LeavesAwaiting { get; private init; }

    /// <summary>The state whose statistics grow by one (<c>succeeded</c>, <c>deleted</c> or <c>failed</c>), or null.</summary>
    public string? Counted { get; private init; }

    /// <summary>The state whose total shrinks by one because the job leaves it (<c>succeeded</c> or <c>deleted</c>), or null.</summary>
    public string? Uncounted { get; private init; }

    /// <summary>True when it ends the job, and releases those that wait for it.</summary>
    public bool IsFinal { get; private init; }

    /// <summary>The effects of entering <paramref name="to"/> from the state <paramref name="from"/> (null for a new job).</summary>
    /// <param name="from">The name of the state that the job is in.</param>
    /// <param name="to">The state that the job enters.</param>
    /// <param name="ownQueue">The queue that the job itself carries (Hangfire's <c>Job.Queue</c>), or null. It wins over a
    /// state that names <c>default</c>.</param>
    public static StateEffects Of(string? from, JobState to, string? ownQueue) => new()
    {
        EnqueueTo = to.Name == JobStates.Enqueued ? QueueName.Effective(to.Data.GetValueOrDefault("Queue"), ownQueue) : null,
        ScheduleScore = to.Name == JobStates.Scheduled ? HangfireTime.Parse(to.Data["EnqueueAt"]).ToUnixTimeSeconds() : null,
        AwaitingScore = to.Name == JobStates.Awaiting ? to.CreatedAt.ToUnixTimeSeconds() : null,
        AddsRetry = IsRetry(to),
        LeavesSchedule = from == JobStates.Scheduled,
        LeavesRetries = from is JobStates.Scheduled or JobStates.Failed && !IsRetry(to),
        LeavesAwaiting = from == JobStates.Awaiting,
        Counted = JobStates.HasEnded(to.Name) ? Lower(to.Name) : null,
        Uncounted = from is JobStates.Succeeded or JobStates.Deleted ? Lower(from) : null,
        IsFinal = JobStates.IsFinal(to.Name),
    };

    /// <summary>The entry of set <c>schedule</c> for a job: its id, behind its own queue when it carries one.</summary>
    public static string ScheduleEntry(long jobId, string? ownQueue)
    {
        var id = jobId.ToString(CultureInfo.InvariantCulture);
        return ownQueue is null ? id : $"{ownQueue}:{id}";
    }

    static bool IsRetry(JobState state) =>
        state.Name == JobStates.Scheduled && state.Reason?.StartsWith(StateReasons.RetryPrefix, StringComparison.Ordinal) == true;

    static string Lower(string name) => name switch
    {
        JobStates.Succeeded => "succeeded",
        JobStates.Deleted => "deleted",
        _ => "failed",
    };
}
