using JobRunner.Storage;

namespace JobRunner.Postgres;

/// <summary>What a worker does with the jobs that it runs.</summary>
sealed class WorkQueue(QueueClaims claimer, QueueLook look, Leases holder, StateChanges writer, Listener listener) : IWorkQueue
{
    public Task<ClaimResult> ClaimAsync(ClaimRequest request, CancellationToken cancellationToken) => claimer.ClaimAsync(request, cancellationToken);

    public Task<StoreOutlook> LookAsync(LookRequest request, CancellationToken cancellationToken) => look.LookAsync(request, cancellationToken);

    public IReadOnlyList<Claim> Renew(IReadOnlyList<Lease> leases) => holder.Renew(leases);

    public Task ReleaseAsync(IReadOnlyList<Claim> claims, CancellationToken cancellationToken) =>
        holder.ReleaseAsync(claims, cancellationToken);

    public Task DropAsync(IReadOnlyList<Lease> leases, CancellationToken cancellationToken) => holder.DropAsync(leases, cancellationToken);

    public Task<AppliedChanges> ApplyAsync(IReadOnlyList<StateChange> changes, CancellationToken cancellationToken) =>
        writer.ApplyAsync(changes, cancellationToken);

    public Task ListenAsync(Action<StoreSignal> onSignal, CancellationToken cancellationToken) =>
        listener.ListenAsync(onSignal, cancellationToken);

    public Task CallAsync(int jobs, CancellationToken cancellationToken) => listener.CallAsync(jobs, cancellationToken);
}
