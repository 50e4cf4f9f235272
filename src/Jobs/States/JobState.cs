using System.Globalization;
using Newtonsoft.Json;

namespace JobRunner;

/// <summary>One row of a job's history. The newest row is the job's current state.</summary>
/// <param name="Name">One of <see cref="JobStates"/>.</param>
/// <param name="CreatedAt">When the job entered the state.</param>
/// <param name="Data">Hangfire's data keys for that state; all values are strings, none is null.</param>
/// <param name="Reason">Why, in words for a person; null when there is nothing to say.</param>
public sealed record JobState(string Name, DateTimeOffset CreatedAt, IReadOnlyDictionary<string, string> Data, string? Reason = null)
{
    /// <summary>Enqueued. <paramref name="queue"/> is the queue that the state names.</summary>
    public static JobState Enqueued(string queue, DateTimeOffset at, string? reason = null) =>
        new(JobStates.Enqueued, at, Pairs(("EnqueuedAt", HangfireTime.Format(at)), ("Queue", queue)), reason);

    /// <summary>This state, Enqueued, with another queue.</summary>
    public JobState In(string queue) => this with { Data = new Dictionary<string, string>(Data, StringComparer.Ordinal) { ["Queue"] = queue } };

    /// <summary>Scheduled to be enqueued at <paramref name="enqueueAt"/>.</summary>
    public static JobState Scheduled(DateTimeOffset enqueueAt, DateTimeOffset at, string? reason = null) =>
        new(JobStates.Scheduled, at,
            Pairs(("EnqueueAt", HangfireTime.Format(enqueueAt)), ("ScheduledAt", HangfireTime.Format(at))), reason);

    /// <summary>Awaiting the end of another job.</summary>
    /// <param name="parentId">The other job.</param>
    /// <param name="options">Which end of it.</param>
    /// <param name="nextState">Where the job goes then, as JSON; <see cref="AwaitingState.NextEnqueued"/> makes it.</param>
    /// <param name="at">When it begins to wait.</param>
    public static JobState Awaiting(long parentId, ContinuationOptions options, string nextState, DateTimeOffset at) =>
        new(JobStates.Awaiting, at, Pairs(("ParentId", parentId.ToString(CultureInfo.InvariantCulture)), ("NextState", nextState),
            ("Options", ((int)options).ToString(CultureInfo.InvariantCulture))));

    /// <summary>Processing by one execution of one worker. Hangfire's dashboard shows the first eight characters of
    /// <paramref name="workerId"/>, so it must be at least that long.</summary>
    public static JobState Processing(string serverId, string workerId, DateTimeOffset startedAt) =>
        new(JobStates.Processing, startedAt,
            Pairs(("StartedAt", HangfireTime.Format(startedAt)), ("ServerId", serverId), ("WorkerId", workerId)));

    /// <summary>Succeeded. <paramref name="result"/> is the result as JSON, or null when the job returned nothing.</summary>
    public static JobState Succeeded(DateTimeOffset at, TimeSpan latency, TimeSpan duration, string? result)
    {
        var data = Pairs(("SucceededAt", HangfireTime.Format(at)), ("PerformanceDuration", Milliseconds(duration)),
            ("Latency", Milliseconds(latency)));
        if (result is not null)
            data.Add("Result", result);
        return new(JobStates.Succeeded, at, data);
    }

    /// <summary>Failed with an exception, or with an end that is told as one.</summary>
    public static JobState Failed(DateTimeOffset at, ExceptionInfo exception, string? serverId, string reason = StateReasons.JobThrew)
    {
        var data = Pairs(("FailedAt", HangfireTime.Format(at)), ("ExceptionType", exception.Type),
            ("ExceptionMessage", exception.Message), ("ExceptionDetails", exception.Details));
        if (serverId is not null)
            data.Add("ServerId", serverId);
        return new(JobStates.Failed, at, data, reason);
    }

    /// <summary>Deleted; with <paramref name="failure"/> when that is what ended the job.</summary>
    public static JobState Deleted(DateTimeOffset at, string? reason = null, ExceptionInfo? failure = null)
    {
        var data = Pairs(("DeletedAt", HangfireTime.Format(at)));
        if (failure is not null)
            data.Add("Exception", $$"""{"e":{{JsonConvert.ToString(failure.Type)}},"m":{{JsonConvert.ToString(failure.Message)}}}""");
        return new(JobStates.Deleted, at, data, reason);
    }

    static Dictionary<string, string> Pairs(params ReadOnlySpan<(string Key, string Value)> pairs)
    {
        var data = new Dictionary<string, string>(pairs.Length + 1, StringComparer.Ordinal);
        foreach (var (key, value) in pairs)
            data.Add(key, value);
        return data;
    }

    static string Milliseconds(TimeSpan span) =>
        ((long)Math.Max(0, span.TotalMilliseconds)).ToString(CultureInfo.InvariantCulture);
}
