using JobRunner.Postgres;
using JobRunner.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace JobRunner;

/// <summary>Registers the PostgreSQL store.</summary>
public static class PostgresServices
{
    /// <summary>Keeps jobs in PostgreSQL, in Hangfire's tables (schema version 23), which are created when absent. Hangfire's
    /// own clients, servers and dashboards can share them.</summary>
    /// <param name="builder">What <c>services.AddJobRunner()</c> returned.</param>
    /// <param name="connectionString">Npgsql's connection string, such as <c>Host=db;Database=app;Username=jobs</c>.</param>
    /// <param name="configure">Changes further options.</param>
    public static JobRunnerBuilder UsePostgres(
        this JobRunnerBuilder builder, string connectionString, Action<PostgresOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var options = new PostgresOptions { ConnectionString = connectionString };
        configure?.Invoke(options);
        options.Require();
        builder.Options.Retention.Succeeded ??= options.JobExpiration;
        builder.Options.Retention.Deleted ??= options.JobExpiration;
        builder.Services.AddSingleton<IJobStore>(p => new PostgresJobStore(
            options, builder.Options.CompatibilityLevel, p.GetRequiredService<TimeProvider>(), p.GetRequiredService<ILogger<PostgresJobStore>>(),
            p.GetRequiredService<QueueRule>(), p.GetRequiredService<RetentionRule>()));
        return builder;
    }
}
