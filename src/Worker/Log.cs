using Microsoft.Extensions.Logging;

namespace JobRunner.Worker;

/// <summary>Every log line of the worker.</summary>
static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "Worker {ServerId} serves {Queues}: {Async} async jobs, {Threads} threads, {Sandboxes} sandboxes at once")]
    public static partial void Started(this ILogger logger, string serverId, string queues, int async, int threads, int sandboxes);

    [LoggerMessage(2, LogLevel.Information, "Stopping: no more jobs are claimed, {Running} are held")]
    public static partial void Stopping(this ILogger logger, int running);

    [LoggerMessage(3, LogLevel.Warning, "{Running} jobs did not end within the grace period of {Grace} and are cancelled; they are given back")]
    public static partial void Cancelling(this ILogger logger, int running, TimeSpan grace);

    [LoggerMessage(4, LogLevel.Warning, "{Running} jobs ignore their cancellation and are abandoned; they are given back, and may run twice")]
    public static partial void Abandoning(this ILogger logger, int running);

    [LoggerMessage(5, LogLevel.Information, "Stopped")]
    public static partial void Stopped(this ILogger logger);

    [LoggerMessage(6, LogLevel.Warning, "A step of the stop failed; what it left is rescued by other workers")]
    public static partial void StopFailed(this ILogger logger, Exception exception);

    [LoggerMessage(7, LogLevel.Critical, "The loop that does this has ended by a fault of JobRunner's: {Name}. The worker stops; start it again, and please report this")]
    public static partial void LoopEnded(this ILogger logger, Exception exception, string name);

    [LoggerMessage(10, LogLevel.Error, "Cannot {What}; trying again until it works")]
    public static partial void OutageBegan(this ILogger logger, Exception exception, string what);

    [LoggerMessage(11, LogLevel.Information, "Can {What} again, after {Seconds:0.0} s")]
    public static partial void OutageOver(this ILogger logger, string what, double seconds);

    [LoggerMessage(20, LogLevel.Warning, "Job {JobId} ended as {State} too late: it had been taken over or changed meanwhile, and nothing was written")]
    public static partial void LateFinish(this ILogger logger, long jobId, string state);

    [LoggerMessage(21, LogLevel.Warning, "Job {JobId} was deleted, requeued or taken over while it ran here; its run is stopped")]
    public static partial void LostJob(this ILogger logger, long jobId);

    [LoggerMessage(22, LogLevel.Warning, "Took back {Count} jobs of workers that died")]
    public static partial void Rescued(this ILogger logger, int count);

    [LoggerMessage(23, LogLevel.Warning, "The lock on {Resource} was lost while job {JobId} runs here, and another run may have begun beside it; this one is stopped, and the job given back")]
    public static partial void LostLock(this ILogger logger, string resource, long jobId);

    [LoggerMessage(24, LogLevel.Warning, "Jobs of type '{Type}' are left in their queues: it is in no assembly that this worker may run jobs from. " +
        "If another worker or a Hangfire server runs them, all is well. If this one should, name the assembly in the setting " +
        "JobRunner:JobAssemblies; if nobody does, set JobRunner:Worker:UnknownJobs to Fail")]
    public static partial void LeftToOthers(this ILogger logger, string type);

    [LoggerMessage(25, LogLevel.Warning, "Job {JobId} has ended here, and Hangfire's lock of it is somebody else's for {Seconds:0} s now; its outcome waits")]
    public static partial void LockedOutcome(this ILogger logger, long jobId, double seconds);

    [LoggerMessage(26, LogLevel.Error, "The store refuses the outcome of job {JobId}, for the {Times}. time; others are written, and it is tried again")]
    public static partial void RefusedOutcome(this ILogger logger, Exception exception, long jobId, int times);

    [LoggerMessage(27, LogLevel.Warning, "Put {Count} jobs back into their queues that were Processing in nobody's hands: somebody removed their queue rows")]
    public static partial void RescuedOrphans(this ILogger logger, int count);

    [LoggerMessage(28, LogLevel.Warning, "Threads of the pool are short, and jobs block them: {Jobs}. Await instead of blocking, or take such jobs off " +
        "the async lane: make the method synchronous, or mark it [Sandboxed]")]
    public static partial void PoolBlocked(this ILogger logger, string jobs);

    [LoggerMessage(29, LogLevel.Warning, "The store refuses a line of the log, or the progress, of job {JobId}; it is dropped")]
    public static partial void NoteRefused(this ILogger logger, Exception exception, long jobId);

    [LoggerMessage(30, LogLevel.Information, "A recurring job that is due calls {Call}, which this worker does not know; such jobs are left to other workers. {Why}")]
    public static partial void RecurringLeftToOthers(this ILogger logger, string call, string why);
}
