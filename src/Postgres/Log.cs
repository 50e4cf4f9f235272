using Microsoft.Extensions.Logging;

namespace JobRunner.Postgres;

/// <summary>Every log line of the store.</summary>
static partial class Log
{
    [LoggerMessage(101, LogLevel.Warning, "Notifications of the database are lost ({Message}): polling goes on, listening is retried")]
    public static partial void ListenerLost(this ILogger logger, string message);

    [LoggerMessage(102, LogLevel.Information, "Notifications of the database are heard again")]
    public static partial void Listening(this ILogger logger);

    [LoggerMessage(111, LogLevel.Warning, "{Count} jobs wait for jobs that have ended and could not be released now; a worker will do it")]
    public static partial void NotReleased(this ILogger logger, Exception exception, int count);

    [LoggerMessage(112, LogLevel.Warning, "Locks that dead servers left could not be removed now; the next try does it")]
    public static partial void LocksNotForgotten(this ILogger logger, Exception exception);

    [LoggerMessage(113, LogLevel.Warning, "A claim failed on its way, and ends with the {Count} jobs that it had")]
    public static partial void PartOfClaim(this ILogger logger, Exception exception, int count);

    [LoggerMessage(114, LogLevel.Warning, "The days of the history of executions could not be made ({Message}): its lines are kept in one table until somebody may")]
    public static partial void NoDays(this ILogger logger, string message);

    [LoggerMessage(120, LogLevel.Information, "A pooler is between us and the database: no statement is prepared, and jobs are found by polling. " +
        "(A pooler that keeps sessions, or prepared statements, does not need this: say Max Auto Prepare in the connection string.)")]
    public static partial void PoolerFound(this ILogger logger);
}
