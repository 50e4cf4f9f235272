using JobRunner.Storage;

namespace JobRunner.InMemory;

/// <summary>
/// The store that lives and ends with the process. It keeps what the PostgreSQL store keeps, under one lock: every
/// operation is short and none awaits while it holds it.
/// </summary>
sealed class InMemoryJobStore : IJobStore
{
    public InMemoryJobStore(TimeProvider time, QueueRule? queues = null, RetentionRule? retention = null, int history = 0)
    {
        var state = new InMemoryState(time, queues, retention ?? new(new()), history);
        var servers = new InMemoryServers(state);
        var maintenance = new InMemoryMaintenance(state, servers);
        var recurring = new InMemoryRecurring(state);
        Queue = new InMemoryWorkQueue(state, servers, recurring);
        Actions = new InMemoryActions(state);
        Reader = new InMemoryReader(state, servers, maintenance);
        Maintenance = maintenance;
        Servers = servers;
        Notes = new InMemoryNotes(state);
        Locks = new InMemoryLocks(state, servers);
        Recurring = recurring;
        History = state.History;
    }

    public string Description => "memory: they end with this process";

    public IWorkQueue Queue { get; }

    public IJobActions Actions { get; }

    public IJobReader Reader { get; }

    public IMaintenance Maintenance { get; }

    public IServerRegistry Servers { get; }

    public INotesStore Notes { get; }

    public IResourceLocks Locks { get; }

    public IRecurringStore Recurring { get; }

    public IExecutionHistory History { get; }

    public Task InitializeAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
