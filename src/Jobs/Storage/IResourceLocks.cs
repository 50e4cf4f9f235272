namespace JobRunner.Storage;

/// <summary>Locks that exclude jobs from each other, Hangfire's among them.</summary>
public interface IResourceLocks
{
    /// <summary>Tries to take locks, each for itself: those that nobody holds, and those whose holder is gone (one of ours that
    /// has not refreshed its lock for <paramref name="silence"/>, a Hangfire server whose lock is too old).</summary>
    /// <param name="locks">The locks.</param>
    /// <param name="silence">How long.</param>
    /// <param name="rescuer">Who asks: only where it may rescue is a holder of ours taken for gone. Null for somebody who is no worker.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Those that are held now. One that was held before by the same token is, too: a try may be repeated.</returns>
    Task<IReadOnlyList<ResourceLock>> AcquireAsync(
        IReadOnlyList<ResourceLock> locks, TimeSpan silence, Rescuer? rescuer, CancellationToken cancellationToken);

    /// <summary>Tells that locks are still in use.</summary>
    /// <inheritdoc cref="IWorkQueue.Renew" path="/remarks"/>
    /// <returns>Those that are lost: somebody took them for abandoned.</returns>
    IReadOnlyList<ResourceLock> Refresh(IReadOnlyList<ResourceLock> locks);

    /// <summary>Gives locks back. Those that are not ours any more are left alone.</summary>
    Task ReleaseAsync(IReadOnlyList<ResourceLock> locks, CancellationToken cancellationToken);
}
