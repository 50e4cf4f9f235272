namespace JobRunner.Storage;

/// <summary>
/// Where jobs live: one part for each who uses it. Coarse, asynchronous and in batches; each rule about states is inside an
/// operation, so that every store obeys it (one conformance suite runs against all of them). Any number of workers may use a
/// store at once.
/// </summary>
public interface IJobStore
{
    /// <summary>How the store calls itself in logs and pages, such as <c>PostgreSQL at db:5432/app, schema hangfire</c>. Never
    /// with a password.</summary>
    string Description { get; }

    /// <summary>For a worker: the jobs that it claims and runs.</summary>
    IWorkQueue Queue { get; }

    /// <summary>For clients and operators: adding, requeuing and deleting jobs.</summary>
    IJobActions Actions { get; }

    /// <summary>For clients and pages: what is known of jobs.</summary>
    IJobReader Reader { get; }

    /// <summary>What any worker does for all.</summary>
    IMaintenance Maintenance { get; }

    /// <summary>Who works.</summary>
    IServerRegistry Servers { get; }

    /// <summary>What running jobs say.</summary>
    INotesStore Notes { get; }

    /// <summary>Locks that exclude jobs from each other.</summary>
    IResourceLocks Locks { get; }

    /// <summary>Recurring jobs.</summary>
    IRecurringStore Recurring { get; }

    /// <summary>Executions that ended.</summary>
    IExecutionHistory History { get; }

    /// <summary>Makes the store ready: creates what is absent, refuses what it does not understand. Called once at start.</summary>
    /// <exception cref="StoreException">The store exists in a form that this version cannot use.</exception>
    Task InitializeAsync(CancellationToken cancellationToken);
}
