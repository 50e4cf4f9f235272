namespace JobRunner.Storage;

/// <summary>What a history of executions is told of a run that ends, besides the states of its end.</summary>
/// <param name="Call">What was called; null when it could not be loaded.</param>
/// <param name="Queue">The queue that the job was taken from.</param>
/// <param name="ServerId">The worker.</param>
/// <param name="ClaimedStateId">The state row in which the job was claimed.</param>
/// <param name="Attempt">Which attempt it was, from 1.</param>
/// <param name="StartedAt">When it began, or null when it did not.</param>
/// <param name="Ran">How long it ran.</param>
/// <param name="Reason">Why the attempt failed, or null when it did not.</param>
public sealed record EndedRun(
    Invocation? Call, string Queue, string ServerId, long ClaimedStateId, int Attempt, DateTimeOffset? StartedAt, TimeSpan Ran, EndReason? Reason)
{
    const int MaxMethod = 300;
    const int MaxError = 200;

    /// <summary>Type and method. Without type arguments and assembly, so that there are no more names than methods in the code.</summary>
    public string Method
    {
        get
        {
            if (Call is null)
                return "?";
            var type = Call.Type.AsSpan();
            if (type.IndexOfAny(",[") is >= 0 and var end)
                type = type[..end];
            var name = $"{type.Trim()}.{Call.Method}".Replace('+', '.');
            return name.Length > MaxMethod ? name[..MaxMethod] : name;
        }
    }

    /// <summary>How a run ended that brings its job through these states; with none it was cancelled.</summary>
    public static ExecutionEnd EndOf(IReadOnlyList<JobState> states) => states is [] ? ExecutionEnd.Cancelled : states[^1].Name switch
    {
        JobStates.Succeeded => ExecutionEnd.Succeeded,
        JobStates.Failed => ExecutionEnd.Failed,
        JobStates.Deleted => ExecutionEnd.Deleted,
        _ => ExecutionEnd.Retried,
    };

    /// <summary>The type and the first line of the message of the exception in these states, cut; null when there is none.</summary>
    public static string? ErrorOf(IReadOnlyList<JobState> states)
    {
        if (states.LastOrDefault(state => state.Name == JobStates.Failed) is not { } failed)
            return null;
        var message = failed.Data.GetValueOrDefault("ExceptionMessage", "").AsSpan().Trim();
        if (message.IndexOfAny('\r', '\n') is >= 0 and var end)
            message = message[..end];
        var error = $"{failed.Data.GetValueOrDefault("ExceptionType")}: {message}";
        if (error.Length <= MaxError)
            return error;
        return error[..(char.IsHighSurrogate(error[MaxError - 1]) ? MaxError - 1 : MaxError)];
    }

    /// <summary>How long the job waited for this run, since it entered the state in which it was claimed; clocks may differ.</summary>
    public TimeSpan WaitedSince(DateTimeOffset? claimedStateAt) =>
        StartedAt - claimedStateAt is { } waited && waited > TimeSpan.Zero ? waited : TimeSpan.Zero;
}
