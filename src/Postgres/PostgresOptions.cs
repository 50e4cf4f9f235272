namespace JobRunner;

/// <summary>How JobRunner uses a PostgreSQL database.</summary>
public sealed class PostgresOptions
{
    /// <summary>Npgsql's connection string. What it sets itself (pool size, automatic preparation, keepalive) is left as it is.</summary>
    public string ConnectionString { get; set; } = "";

    /// <summary>The schema of Hangfire's tables (<c>hangfire</c>, as Hangfire's own default). JobRunner's few tables of its own
    /// live beside it in <c>jobrunner</c>, or in <c>jobrunner_</c> and this name when it is another one.</summary>
    public string Schema { get; set; } = "hangfire";

    /// <summary>How long jobs that succeeded or were deleted are kept (1 day). Failed jobs are kept until somebody deletes them.</summary>
    public TimeSpan JobExpiration { get; set; } = TimeSpan.FromDays(1);

    /// <summary>After how long a job that a Hangfire server took, and never finished, is taken back (30 minutes, as Hangfire's).
    /// Jobs of JobRunner's own workers do not wait for it.</summary>
    public TimeSpan InvisibilityTimeout { get; set; } = TimeSpan.FromMinutes(30);

    /// <summary>The most connections that one process opens, unless the connection string says so (10). One more listens.</summary>
    public int MaxPoolSize { get; set; } = 10;
}
