namespace JobRunner;

/// <summary>How JobRunner uses a PostgreSQL database.</summary>
public sealed class PostgresOptions
{
    /// <summary>Npgsql's connection string. What it sets itself (pool size, automatic preparation, keepalive) is left as it is,
    /// but for <c>Enlist</c>: no connection enlists in an ambient transaction.</summary>
    public string ConnectionString { get; set; } = "";

    /// <summary>The schema of Hangfire's tables (<c>hangfire</c>, as Hangfire's own default). JobRunner's few tables of its own
    /// live beside it in <c>jobrunner</c>, or in <c>jobrunner_</c> and this name when it is another one.</summary>
    public string Schema { get; set; } = "hangfire";

    /// <summary>How long jobs that succeeded or were deleted are kept (1 day; from a minute to ten years), where
    /// <see cref="JobRunnerOptions.Retention"/> says nothing else.</summary>
    public TimeSpan JobExpiration { get; set; } = TimeSpan.FromDays(1);

    /// <summary>How long the history of executions is kept: a short line for each that ended, in a table of ours. It is dropped by days.
    /// Default null: none is written. From a day to ten years.</summary>
    public TimeSpan? History { get; set; }

    /// <summary>After how long a job that a Hangfire server took, and never finished, is taken back (30 minutes, as Hangfire's).
    /// Jobs of JobRunner's own workers do not wait for it.</summary>
    public TimeSpan InvisibilityTimeout { get; set; } = TimeSpan.FromMinutes(30);

    /// <summary>After how long a lock that a Hangfire server or client took, and never gave back, is taken for abandoned (10 minutes, as
    /// Hangfire's). Where those are configured with another <c>DistributedLockTimeout</c>, this must be at least the longest of theirs: a
    /// job of theirs that runs longer under its lock would otherwise run beside ours.</summary>
    public TimeSpan DistributedLockTimeout { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>The most connections that one process opens for its work, unless the connection string says so (10). One more listens, and tells that
    /// the worker lives. They are opened as they are needed, and beyond the first one go when they have been idle for some ten seconds.</summary>
    public int MaxPoolSize { get; set; } = 10;

    /// <summary>Adds a trigger to Hangfire's table <c>jobqueue</c> that tells workers of each new job at once, also of those that
    /// Hangfire clients enqueue, which do not tell (false: they are found by polling). It stays until somebody drops it:
    /// <c>drop trigger jobrunner_notify_enqueued on hangfire.jobqueue</c>.</summary>
    public bool NotifyTrigger { get; set; }

    /// <exception cref="ArgumentException">An option has no sense; the message names it, its value and the rule.</exception>
    internal void Require()
    {
        if (string.IsNullOrWhiteSpace(ConnectionString))
            throw new ArgumentException(
                "PostgresOptions.ConnectionString is empty; give one, such as 'Host=db;Database=app;Username=jobs;Password=...'.");
        if (JobExpiration < RetentionOptions.Shortest || JobExpiration > RetentionOptions.Longest)
            throw new ArgumentException(
                $"PostgresOptions.{nameof(JobExpiration)} is {JobExpiration}; it must be between {RetentionOptions.Shortest} and {RetentionOptions.Longest.Days} days.");
        if (History < TimeSpan.FromDays(1) || History > RetentionOptions.Longest)
            throw new ArgumentException($"PostgresOptions.{nameof(History)} is {History}; it must be between 1 and {RetentionOptions.Longest.Days} days.");
        RequirePositive(nameof(InvisibilityTimeout), InvisibilityTimeout);
        RequirePositive(nameof(DistributedLockTimeout), DistributedLockTimeout);
        if (MaxPoolSize < 1)
            throw new ArgumentException($"PostgresOptions.{nameof(MaxPoolSize)} is {MaxPoolSize}; it must be at least 1.");
    }

    static void RequirePositive(string name, TimeSpan value)
    {
        if (value <= TimeSpan.Zero)
            throw new ArgumentException($"PostgresOptions.{name} is {value}; it must be longer than zero.");
    }
}
