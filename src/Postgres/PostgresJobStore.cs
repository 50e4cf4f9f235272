using JobRunner.Storage;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace JobRunner.Postgres;

/// <summary>
/// The store in Hangfire's tables. Put together here, each part from the classes that it is made of; in those, a
/// statement stands directly above the method that runs it.
/// </summary>
/// <remarks>
/// Locks are taken in one order everywhere, so that batches of different workers cannot deadlock: jobs before their queue
/// rows, both by job id. Whoever takes rows without caring which (claim, rescue, due jobs, expiry) or can wait for the next
/// round (renewal) skips locked ones.
/// </remarks>
sealed class PostgresJobStore : IJobStore, IAsyncDisposable
{
    static readonly TimeSpan _quietLimit = TimeSpan.FromSeconds(15);

    readonly Database _database;
    readonly PostgresOptions _options;
    readonly HistoryPartitions? _days;
    readonly NewJobPacer _pacer;
    readonly ILogger _logger;

    public PostgresJobStore(
        PostgresOptions options, CompatibilityLevel level, TimeProvider time, ILogger<PostgresJobStore> logger, QueueRule? queues = null,
        RetentionRule? retention = null, TimeSpan? quietLimit = null)
    {
        _options = options;
        _logger = logger;
        retention ??= new(new());
        var database = _database = new Database(options, logger);
        var locks = new DistributedLocks(database, options.DistributedLockTimeout, time);
        var jobLocks = new JobLocks(database, locks, logger);
        var inserter = new JobInserter(database, level);
        var callQueues = new CallQueues(database, queues);
        _pacer = new(database, time);
        var history = options.History is null ? null : new HistoryLines(database, new HistoryNames(database));
        _days = options.History is { } keep ? new HistoryPartitions(database, keep) : null;
        var writer = new StateWriter(database, jobLocks, level, history);
        var releases = new ContinuationReleases(database, writer, callQueues, retention, time, logger);
        var changes = new StateChanges(
            database, new RunWriter(database, jobLocks, level), writer, new RepeatedChanges(database, level), jobLocks, releases);

        var waiting = new WaitingQueues(database);
        Queue = new WorkQueue(
            new QueueClaims(database, waiting, time, logger), new QueueLook(database, waiting), new Leases(database, history), changes,
            new Listener(database, quietLimit ?? _quietLimit, time, logger));
        Actions = new JobActions(
            database, inserter, _pacer, new ContinuationInserter(database, locks, jobLocks, inserter, writer, queues, retention, time),
            new OutsideChanges(database, changes, callQueues, jobLocks, retention, time), time);
        Reader = new JobReader(database);
        Maintenance = new Maintenance(
            new JobRescue(database, options.InvisibilityTimeout), new ScheduledJobs(database, locks, jobLocks, writer, callQueues, time),
            new AwaitingSweep(database, releases), new Expiry(database, options.DistributedLockTimeout), new CounterSums(database), _days);
        Servers = new ServerRegistry(database);
        Notes = new NotesStore(database);
        Locks = new ResourceLocks(database, locks);
        Recurring = NewRecurring(database, locks, inserter, time);
        History = new HistoryReader(database, options.History is not null);
    }

    public string Description => _database.Description;

    public IWorkQueue Queue { get; }

    public IJobActions Actions { get; }

    public IJobReader Reader { get; }

    public IMaintenance Maintenance { get; }

    public IServerRegistry Servers { get; }

    public INotesStore Notes { get; }

    public IResourceLocks Locks { get; }

    public IRecurringStore Recurring { get; }

    public IExecutionHistory History { get; }

    public async Task InitializeAsync(CancellationToken cancellationToken)
    {
        await new SchemaInstaller(_database, _options.NotifyTrigger).RunAsync(cancellationToken);
        try
        {
            await (_days?.KeepAsync(true, cancellationToken) ?? Task.FromResult(true));
        }
        catch (PostgresException e)
        {
            // Lines go into the default partition until somebody may do it.
            _logger.NoDays(e.MessageText);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _pacer.FinishAsync();
        await _database.DisposeAsync();
    }

    static RecurringStore NewRecurring(Database database, DistributedLocks locks, JobInserter inserter, TimeProvider time)
    {
        var recurringLocks = new RecurringLocks(database, locks, time);
        var rows = new RecurringRows(database, inserter);
        return new(database, locks, recurringLocks, rows, new DueRecurring(database, locks, recurringLocks, rows));
    }
}
