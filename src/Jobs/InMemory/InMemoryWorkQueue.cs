using JobRunner.Storage;

namespace JobRunner.InMemory;

/// <summary>Claims, and what becomes of them.</summary>
sealed class InMemoryWorkQueue(InMemoryState state, InMemoryRecurring recurring) : IWorkQueue
{
    readonly InMemoryChanges _changes = new(state);

    public Task<IReadOnlyList<ClaimedJob>> ClaimAsync(
        IReadOnlyList<QueueLimit> queues, int count, IReadOnlyCollection<string> exceptTypes, CancellationToken cancellationToken)
    {
        var claimed = new List<ClaimedJob>();
        lock (state.Lock)
        {
            foreach (var (name, most) in queues)
            {
                if (state.Queues.Find(name) is { } queue)
                    Claim(queue, (int)Math.Min(count, (long)claimed.Count + most), exceptTypes, claimed);
            }
        }

        return Task.FromResult<IReadOnlyList<ClaimedJob>>(claimed);
    }

    public Task<StoreOutlook> LookAsync(IReadOnlyList<string> queues, CancellationToken cancellationToken)
    {
        lock (state.Lock)
        {
            var now = state.Now;
            return Task.FromResult(new StoreOutlook(
                [.. queues.Where(state.Queues.HasWaiting)], state.States.Lists.NextDue?.Subtract(now), recurring.NextDue()?.Subtract(now)));
        }
    }

    public IReadOnlyList<Claim> Renew(IReadOnlyList<Lease> leases)
    {
        var lost = new List<Claim>();
        lock (state.Lock)
        {
            var now = state.Now;
            foreach (var lease in leases)
            {
                if (state.Queues.Held(lease.Claim) is { } row && IsWhereItWas(lease))
                    row.FetchedAt = now;
                else
                    lost.Add(lease.Claim);
            }
        }

        return lost;
    }

    public Task ReleaseAsync(IReadOnlyList<Claim> claims, CancellationToken cancellationToken) =>
        GiveBack(claims, claim => claim, (row, _) => state.Queues.MakeWait(row));

    public Task MoveAsync(IReadOnlyList<Claim> claims, string queue, CancellationToken cancellationToken) =>
        GiveBack(claims, claim => claim, (row, _) =>
        {
            row.Queue = queue;
            state.Queues.MakeWait(row);
        });

    public Task DropAsync(IReadOnlyList<Lease> leases, CancellationToken cancellationToken) =>
        GiveBack(leases, lease => lease.Claim, (row, lease) =>
        {
            if (IsWhereItWas(lease))
                state.Queues.MakeWait(row);
            else
                state.Queues.Remove(row);
        });

    public Task<AppliedChanges> ApplyAsync(IReadOnlyList<StateChange> changes, CancellationToken cancellationToken)
    {
        var taken = new long?[changes.Count];
        bool enqueued;
        lock (state.Lock)
        {
            var before = state.Queues.Enqueued;
            for (var i = 0; i < taken.Length; i++)
                taken[i] = _changes.Apply(changes[i]);
            enqueued = state.Queues.Enqueued != before;
        }

        if (enqueued)
            state.Signals.Enqueued();
        return Task.FromResult(new AppliedChanges(taken));
    }

    public Task ListenAsync(Action<StoreSignal> onSignal, CancellationToken cancellationToken) =>
        state.Signals.ListenAsync(onSignal, cancellationToken);

    void Claim(PriorityQueue<InMemoryQueueRow, long> queue, int limit, IReadOnlyCollection<string> exceptTypes, List<ClaimedJob> claimed)
    {
        var left = new List<InMemoryQueueRow>();
        while (claimed.Count < limit && queue.TryDequeue(out var row, out _))
        {
            if (!state.Jobs.TryGetValue(row.JobId, out var job) || !JobStates.CanBeTaken(job.State.Name))
                state.Queues.Remove(row);
            else if (exceptTypes.Contains(job.Invocation.Type))
                left.Add(row);
            else
                claimed.Add(Take(row, job));
        }

        queue.EnqueueRange(left.Select(row => (row, row.JobId)));
    }

    ClaimedJob Take(InMemoryQueueRow row, InMemoryJob job)
    {
        row.FetchedAt = state.Now;
        row.Token++;
        return new(job.Id, new Claim(row.Id, row.Token), row.Queue, job.StateId, job.State.Name, job.Invocation, null,
            new Dictionary<string, string?>(job.Parameters), job.CreatedAt);
    }

    // Claims that are no longer held are left alone.
    Task GiveBack<T>(IReadOnlyList<T> given, Func<T, Claim> claimOf, Action<InMemoryQueueRow, T> giveBack)
    {
        lock (state.Lock)
        {
            foreach (var one in given)
            {
                if (state.Queues.Held(claimOf(one)) is { } row)
                    giveBack(row, one);
            }
        }

        state.Signals.Enqueued();
        return Task.CompletedTask;
    }

    bool IsWhereItWas(Lease lease) => state.Jobs.TryGetValue(lease.JobId, out var job) && job.StateId == lease.StateId;
}
