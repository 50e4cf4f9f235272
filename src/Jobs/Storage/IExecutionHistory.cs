namespace JobRunner.Storage;

/// <summary>The history of executions: a short line for each that ended, kept for longer than the jobs themselves. Off unless the store's
/// options ask for it.</summary>
public interface IExecutionHistory
{
    /// <summary>True when lines are written here.</summary>
    bool IsKept { get; }

    /// <summary>Reads lines, newest first.</summary>
    Task<IReadOnlyList<ExecutionRecord>> ReadAsync(ExecutionQuery query, CancellationToken cancellationToken);

    /// <summary>Adds up the lines of a span of time by method, those with most executions first.</summary>
    /// <param name="from">The first instant.</param>
    /// <param name="to">The first instant that is not meant any more.</param>
    /// <param name="count">How many methods at most.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<IReadOnlyList<MethodSummary>> SummarizeAsync(DateTimeOffset from, DateTimeOffset to, int count, CancellationToken cancellationToken);
}

/// <summary>How an execution ended. The numbers are stored.</summary>
public enum ExecutionEnd
{
    /// <summary>The job succeeded.</summary>
    Succeeded = 1,

    /// <summary>The job failed for good.</summary>
    Failed = 2,

    /// <summary>The attempt failed, and the job is tried again.</summary>
    Retried = 3,

    /// <summary>The attempt failed, and the job was deleted because its retries were used up.</summary>
    Deleted = 4,

    /// <summary>The job was deleted or requeued while it ran.</summary>
    Cancelled = 5,
}

/// <summary>A line of the history.</summary>
/// <param name="EndedAt">When its end was written, by the store's clock.</param>
/// <param name="JobId">The job; it may be gone.</param>
/// <param name="Method">Type and method, such as <c>Shop.Reports.Build</c>.</param>
/// <param name="Queue">The queue that it was taken from.</param>
/// <param name="Server">The worker.</param>
/// <param name="End">How it ended.</param>
/// <param name="Reason">Why, when the attempt failed.</param>
/// <param name="Attempt">Which attempt it was, from 1.</param>
/// <param name="Waited">From the state in which the job was claimed to its start: how long it was ripe and did not run.</param>
/// <param name="Ran">How long it ran.</param>
/// <param name="Error">The type and the first line of the message of its exception, cut; null when there is none.</param>
public sealed record ExecutionRecord(
    DateTimeOffset EndedAt, long JobId, string Method, string Queue, string Server, ExecutionEnd End, EndReason? Reason, int Attempt,
    TimeSpan Waited, TimeSpan Ran, string? Error);

/// <summary>Which lines to read.</summary>
/// <param name="From">The first instant.</param>
/// <param name="To">The first instant that is not meant any more.</param>
/// <param name="Count">How many lines at most.</param>
public sealed record ExecutionQuery(DateTimeOffset From, DateTimeOffset To, int Count)
{
    /// <summary>Only this method's; null for all.</summary>
    public string? Method { get; init; }

    /// <summary>Only those that ended so; null for all.</summary>
    public ExecutionEnd? End { get; init; }

    /// <summary>Only those behind this line, which was the last of the page before; null for the first page.</summary>
    public (DateTimeOffset EndedAt, long JobId)? After { get; init; }
}

/// <summary>What the executions of a method amount to.</summary>
/// <param name="Method">Type and method.</param>
/// <param name="Executions">How many there were.</param>
/// <param name="Failures">How many of them were attempts that failed.</param>
/// <param name="MeanRan">How long they ran on average.</param>
/// <param name="LongestRan">How long the longest ran.</param>
public sealed record MethodSummary(string Method, long Executions, long Failures, TimeSpan MeanRan, TimeSpan LongestRan);
