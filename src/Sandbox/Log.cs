using Microsoft.Extensions.Logging;

namespace JobRunner.Sandbox;

/// <summary>All that the pool logs.</summary>
static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "Sandbox {ProcessId} is ready after {Milliseconds:0} ms")]
    public static partial void SandboxReady(this ILogger logger, int processId, double milliseconds);

    [LoggerMessage(2, LogLevel.Information, "Sandbox {ProcessId} was ended after {JobsRun} jobs")]
    public static partial void SandboxEnded(this ILogger logger, int processId, int jobsRun);

    [LoggerMessage(3, LogLevel.Warning, "Sandbox {ProcessId} died after {JobsRun} jobs. {Details}")]
    public static partial void SandboxDied(this ILogger logger, int processId, int jobsRun, string details);

    [LoggerMessage(4, LogLevel.Error, "No sandbox could be started ({Failures} in a row); the next try is in {Delay}. {Error}")]
    public static partial void StartFailed(this ILogger logger, int failures, TimeSpan delay, string error);

    [LoggerMessage(5, LogLevel.Error, "The observer of job {JobId} failed; the job goes on")]
    public static partial void ObserverFailed(this ILogger logger, Exception exception, long jobId);

    [LoggerMessage(6, LogLevel.Information, "Sandbox {ProcessId} is replaced: {Reason}")]
    public static partial void SandboxRecycled(this ILogger logger, int processId, string reason);

    [LoggerMessage(7, LogLevel.Information, "{Minimum} to {Maximum} sandboxes. For jobs without limits of their own: {Limits}")]
    public static partial void LimitsAre(this ILogger logger, int minimum, int maximum, string limits);

    [LoggerMessage(8, LogLevel.Warning, "Sandbox {ProcessId} could not be put into a cgroup in {Directory}; the other limits hold")]
    public static partial void NoCgroup(this ILogger logger, int processId, string directory);
}
