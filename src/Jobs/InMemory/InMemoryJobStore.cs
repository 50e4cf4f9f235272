using JobRunner.Storage;

namespace JobRunner.InMemory;

/// <summary>
/// The store that lives and ends with the process. It keeps what the PostgreSQL store keeps, under one lock: every
/// operation is short and none awaits while it holds it.
/// </summary>
/// <remarks>Partial by concern: adding and claiming here, changes of state in <c>.Apply</c>, jobs that wait for others in
/// <c>.Continuations</c>, upkeep in <c>.Upkeep</c>, reads in <c>.Reads</c>.</remarks>
sealed partial class InMemoryJobStore(TimeProvider time, QueueRule? queues = null) : IJobStore
{
    // As in PostgreSQL: how long a worker may hold a job without renewing its lease, and how long ended jobs are kept.
    static readonly TimeSpan _invisibility = TimeSpan.FromMinutes(30);
    static readonly TimeSpan _jobExpiration = TimeSpan.FromDays(1);

    readonly Lock _lock = new();
    readonly Dictionary<long, InMemoryJob> _jobs = [];
    readonly Dictionary<long, InMemoryQueueRow> _rows = [];
    readonly Dictionary<string, PriorityQueue<InMemoryQueueRow, long>> _queues = new(StringComparer.Ordinal);
    readonly SortedSet<(DateTimeOffset DueAt, long JobId)> _schedule = [];
    readonly Dictionary<string, SortedSet<long>> _byState = JobStates.All.ToDictionary(name => name, _ => new SortedSet<long>());
    readonly List<Action<StoreSignal>> _listeners = [];
    long _lastId;
    long _enqueued;

    public string Description => "memory: they end with this process";

    public Task InitializeAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<IReadOnlyList<long>> AddAsync(IReadOnlyList<NewJob> jobs, CancellationToken cancellationToken)
    {
        var ids = new long[jobs.Count];
        var enqueued = false;
        lock (_lock)
        {
            for (var i = 0; i < ids.Length; i++)
            {
                var job = new InMemoryJob(++_lastId, jobs[i].Invocation, jobs[i].Parameters, jobs[i].State.CreatedAt);
                _jobs.Add(job.Id, job);
                Enter(job, null, [jobs[i].State]);
                enqueued |= job.QueueRows.Count > 0;
                ids[i] = job.Id;
            }
        }

        if (enqueued)
            Signal(new(StoreSignalKind.Enqueued));
        return Task.FromResult<IReadOnlyList<long>>(ids);
    }

    public Task<IReadOnlyList<ClaimedJob>> ClaimAsync(
        IReadOnlyList<QueueLimit> queues, int count, IReadOnlyCollection<string> exceptTypes, CancellationToken cancellationToken)
    {
        var claimed = new List<ClaimedJob>();
        var left = new List<InMemoryQueueRow>();
        lock (_lock)
        {
            var now = time.GetUtcNow();
            foreach (var (name, most) in queues)
            {
                if (!_queues.TryGetValue(name, out var queue))
                    continue;
                var limit = (int)Math.Min(count, (long)claimed.Count + most);
                while (claimed.Count < limit && queue.TryDequeue(out var row, out _))
                {
                    if (!_jobs.TryGetValue(row.JobId, out var job) || !JobStates.CanBeTaken(job.State.Name))
                        Remove(row);
                    else if (exceptTypes.Contains(job.Invocation.Type))
                        left.Add(row);
                    else
                        claimed.Add(Take(row, job, now));
                }

                queue.EnqueueRange(left.Select(row => (row, row.JobId)));
                left.Clear();
            }
        }

        return Task.FromResult<IReadOnlyList<ClaimedJob>>(claimed);
    }

    public Task<StoreOutlook> LookAsync(IReadOnlyList<string> queues, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            var now = time.GetUtcNow();
            return Task.FromResult(new StoreOutlook(
                [.. queues.Where(name => _queues.TryGetValue(name, out var queue) && queue.Count > 0)],
                _schedule.Count > 0 ? _schedule.Min.DueAt - now : null,
                NextRecurring()?.Subtract(now)));
        }
    }

    public Task MoveAsync(IReadOnlyList<Claim> claims, string queue, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            foreach (var claim in claims)
            {
                if (Held(claim) is not { } row)
                    continue;
                row.Queue = queue;
                MakeWait(row);
            }
        }

        Signal(new(StoreSignalKind.Enqueued));
        return Task.CompletedTask;
    }

    public Task ReleaseAsync(IReadOnlyList<Claim> claims, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            foreach (var claim in claims)
            {
                if (Held(claim) is { } row)
                    MakeWait(row);
            }
        }

        Signal(new(StoreSignalKind.Enqueued));
        return Task.CompletedTask;
    }

    public Task DropAsync(IReadOnlyList<Lease> leases, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            foreach (var lease in leases)
            {
                if (Held(lease.Claim) is not { } row)
                    continue;
                if (_jobs.TryGetValue(lease.JobId, out var job) && job.StateId == lease.StateId)
                    MakeWait(row);
                else
                    Remove(row);
            }
        }

        Signal(new(StoreSignalKind.Enqueued));
        return Task.CompletedTask;
    }

    public async Task ListenAsync(Action<StoreSignal> onSignal, CancellationToken cancellationToken)
    {
        lock (_lock)
            _listeners.Add(onSignal);
        await Task.Delay(Timeout.InfiniteTimeSpan, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_lock)
            _listeners.Remove(onSignal);
    }

    static ClaimedJob Take(InMemoryQueueRow row, InMemoryJob job, DateTimeOffset now)
    {
        row.FetchedAt = now;
        row.Token++;
        return new(job.Id, new Claim(row.Id, row.Token), row.Queue, job.StateId, job.State.Name, job.Invocation, null,
            new Dictionary<string, string?>(job.Parameters), job.CreatedAt);
    }

    InMemoryQueueRow? Held(Claim claim) =>
        _rows.TryGetValue(claim.QueueRowId, out var row) && row.Token == claim.Token && row.FetchedAt is not null ? row : null;

    void AddToQueue(InMemoryJob job, string queue)
    {
        if (job.QueueRows.Find(row => row.FetchedAt is null) is { } waiting)
        {
            if (waiting.Queue == queue)
                return; // it waits there already: a second row would only run it twice
            _queues[waiting.Queue].Remove(waiting, out _, out _);
            Remove(waiting);
        }

        _enqueued++;
        var row = new InMemoryQueueRow(++_lastId, job, queue);
        _rows.Add(row.Id, row);
        job.QueueRows.Add(row);
        MakeWait(row);
    }

    /// <returns>False when the row goes instead: its job was enqueued anew while it ran.</returns>
    bool MakeWait(InMemoryQueueRow row)
    {
        if (row.Job.QueueRows[^1] != row)
        {
            Remove(row);
            return false;
        }

        row.FetchedAt = null;
        row.Token++;
        if (!_queues.TryGetValue(row.Queue, out var queue))
            _queues.Add(row.Queue, queue = new());
        queue.Enqueue(row, row.JobId);
        return true;
    }

    void Remove(InMemoryQueueRow row)
    {
        _rows.Remove(row.Id);
        row.Job.QueueRows.Remove(row);
    }

    void Signal(StoreSignal signal)
    {
        Action<StoreSignal>[] listeners;
        lock (_lock)
            listeners = [.. _listeners];
        foreach (var listener in listeners)
            listener(signal);
    }
}
