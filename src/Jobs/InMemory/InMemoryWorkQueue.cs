using JobRunner.Storage;

namespace JobRunner.InMemory;

/// <summary>Claims, and what becomes of them.</summary>
sealed class InMemoryWorkQueue(InMemoryState state, InMemoryServers servers, InMemoryRecurring recurring) : IWorkQueue
{
    readonly InMemoryChanges _changes = new(state);

    public Task<ClaimResult> ClaimAsync(ClaimRequest request, CancellationToken cancellationToken)
    {
        var claimed = new List<ClaimedJob>();
        lock (state.Lock)
        {
            var bytes = 0L;
            foreach (var queue in request.Queues)
            {
                var limit = (int)Math.Min(request.Count, (long)claimed.Count + queue.Most);
                while (claimed.Count < limit && Next(queue) is { } row)
                {
                    if (!state.Jobs.TryGetValue(row.JobId, out var job) || !JobStates.CanBeTaken(job.State.Name))
                    {
                        state.Queues.Remove(row);
                        continue;
                    }

                    claimed.Add(Take(row, job));
                    bytes += job.Invocation.PayloadLength;
                    if (bytes >= request.Bytes)
                        return Task.FromResult(new ClaimResult(claimed, false));
                }
            }
        }

        return Task.FromResult(new ClaimResult(claimed, true));
    }

    InMemoryQueueRow? Next(QueueLimit queue) => queue.PastHead
        ? state.Queues.TakePastHead(queue.Queue, queue.Except)
        : state.Queues.TakeOldest(queue.Queue, queue.Except);

    public Task<StoreOutlook> LookAsync(LookRequest request, CancellationToken cancellationToken)
    {
        lock (state.Lock)
        {
            var now = state.Now;
            return Task.FromResult(new StoreOutlook(
                [.. request.Queues.Where(state.Queues.HasWaiting)], state.States.Lists.NextDue?.Subtract(now), recurring.NextDue()?.Subtract(now),
                servers.PlaceOf(request)));
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

    public Task DropAsync(IReadOnlyList<Lease> leases, CancellationToken cancellationToken) =>
        GiveBack(leases, lease => lease.Claim, (row, lease) =>
        {
            if (IsWhereItWas(lease))
                state.Queues.MakeWait(row);
            else
            {
                state.Queues.Remove(row);
                state.History.Add(row.Job, lease.Run, []);
            }
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

    public Task CallAsync(int jobs, CancellationToken cancellationToken)
    {
        state.Signals.Enqueued();
        return Task.CompletedTask;
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
