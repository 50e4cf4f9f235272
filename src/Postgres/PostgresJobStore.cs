using JobRunner.Storage;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace JobRunner.Postgres;

/// <summary>
/// The store in Hangfire's tables. One file for each operation or family of operations; a statement stands directly above
/// the method that runs it.
/// </summary>
/// <remarks>
/// Locks are taken in one order everywhere, so that batches of different workers cannot deadlock: jobs before their queue
/// rows, both by job id. Whoever takes rows without caring which (claim, rescue, due jobs, expiry) or can wait for the next
/// round (renewal) skips locked ones.
/// </remarks>
sealed partial class PostgresJobStore
    : IJobStore, IWorkQueue, IJobActions, IJobReader, IMaintenance, IServerRegistry, INotesStore, IResourceLocks, IRecurringStore, IAsyncDisposable
{
    const int SignOfLifeTimeoutSeconds = 5;

    readonly PostgresOptions _options;
    readonly SchemaNames _names;
    readonly ConnectionSource _source;
    readonly ConnectionSource _signsOfLife;
    readonly bool _looksForPooler;
    readonly TimeProvider _time;
    readonly ILogger _logger;
    readonly CompatibilityLevel _level;
    readonly QueueRule? _queues;

    public PostgresJobStore(
        PostgresOptions options, CompatibilityLevel level, TimeProvider time, ILogger<PostgresJobStore> logger, QueueRule? queues = null)
    {
        _level = level;
        _queues = queues;
        _options = options;
        _time = time;
        _looks = new(time);
        _logger = logger;
        _names = new SchemaNames(options.Schema);
        var settings = Settings(options);
        _looksForPooler = !new NpgsqlConnectionStringBuilder(options.ConnectionString).ShouldSerialize("Max Auto Prepare");
        _source = new(settings.ConnectionString, _looksForPooler, LogPooler);
        _signsOfLife = new(SignsOfLife(settings), _looksForPooler, () => { });
        Description = $"PostgreSQL at {settings.Host}:{settings.Port}/{settings.Database}, schema {options.Schema}";
    }

    public string Description { get; }

    public IWorkQueue Queue => this;

    public IJobActions Actions => this;

    public IJobReader Reader => this;

    public IMaintenance Maintenance => this;

    public IServerRegistry Servers => this;

    public INotesStore Notes => this;

    public IResourceLocks Locks => this;

    public IRecurringStore Recurring => this;

    public Task InitializeAsync(CancellationToken cancellationToken) => new SchemaInstaller(_source, _names, _options.NotifyTrigger).RunAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _source.DisposeAsync();
        await _signsOfLife.DisposeAsync();
    }

    // What the user's connection string says wins. (ContainsKey would be true of any keyword that there is.)
    static NpgsqlConnectionStringBuilder Settings(PostgresOptions options)
    {
        var given = new NpgsqlConnectionStringBuilder(options.ConnectionString);
        var settings = new NpgsqlConnectionStringBuilder(options.ConnectionString);
        if (!given.ShouldSerialize("Maximum Pool Size"))
            settings.MaxPoolSize = options.MaxPoolSize;
        if (!given.ShouldSerialize("Max Auto Prepare"))
            settings.MaxAutoPrepare = 50;
        if (!given.ShouldSerialize("Auto Prepare Min Usages"))
            settings.AutoPrepareMinUsages = 2;
        if (!given.ShouldSerialize("Application Name"))
            settings.ApplicationName = "JobRunner";
        // We leave nothing behind in a session, so resetting it on each return to the pool would only cost.
        if (!given.ShouldSerialize("No Reset On Close"))
            settings.NoResetOnClose = true;
        // A network that swallows what is sent must not take as long to show as others take to call us dead.
        if (!given.ShouldSerialize("Timeout"))
            settings.Timeout = 5;
        // Except this: what one call does is one transaction of ours, or several, and calls of many callers share one. Inside
        // somebody's TransactionScope some of it would vanish with it.
        settings.Enlist = false;
        return settings;
    }

    [LoggerMessage(120, LogLevel.Information, "A pooler is between us and the database: no statement is prepared, and jobs are found by polling. " +
        "(A pooler that keeps sessions, or prepared statements, does not need this: say Max Auto Prepare in the connection string.)")]
    partial void LogPooler();

    // Leases and the like: short statements, from one thread, that wait for no connection that a job's may have.
    static string SignsOfLife(NpgsqlConnectionStringBuilder settings) => new NpgsqlConnectionStringBuilder(settings.ConnectionString)
    {
        MaxPoolSize = 2,
        MinPoolSize = 0,
        Timeout = Math.Min(settings.Timeout, 5),
        CommandTimeout = SignOfLifeTimeoutSeconds,
        CancellationTimeout = 500,
    }.ConnectionString;
}
