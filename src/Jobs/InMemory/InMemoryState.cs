namespace JobRunner.InMemory;

/// <summary>What the parts of the store share: the jobs, and where they wait. Touched only under <see cref="Lock"/>, all but
/// <see cref="Signals"/>.</summary>
sealed class InMemoryState
{
    readonly TimeProvider _time;
    long _lastId;

    public InMemoryState(TimeProvider time, QueueRule? queues, RetentionRule retention, int history)
    {
        _time = time;
        Signals = new(time);
        Queues = new(this);
        States = new(this, queues, retention);
        History = new(this, history);
    }

    public Lock Lock { get; } = new();

    public Dictionary<long, InMemoryJob> Jobs { get; } = [];

    public InMemoryQueues Queues { get; }

    public InMemoryStates States { get; }

    public InMemoryHistory History { get; }

    public InMemorySignals Signals { get; }

    public DateTimeOffset Now => _time.GetUtcNow();

    public long NewId() => ++_lastId;
}
