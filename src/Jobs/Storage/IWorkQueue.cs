namespace JobRunner.Storage;

/// <summary>What a worker does with the jobs that it runs: it claims them, keeps its claims, and writes what became of them.</summary>
/// <remarks>Every change of a job's state is guarded: it names the state row it saw, and does nothing when the job has moved
/// on. Writes by an execution are guarded by its claim as well.</remarks>
public interface IWorkQueue
{
    /// <summary>Takes waiting jobs off the queues for a worker: earlier queues first, and within a queue the oldest job first, past those that are
    /// to be left. Queue rows whose job is gone, or no longer wants to run, are removed.</summary>
    /// <param name="request">Which, and how many.</param>
    /// <param name="cancellationToken">Ends it before anything is claimed.</param>
    Task<ClaimResult> ClaimAsync(ClaimRequest request, CancellationToken cancellationToken);

    /// <summary>Says what there is to do: cheap enough to be asked a few times a second by every worker.</summary>
    /// <param name="request">Who looks, and at which queues.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<StoreOutlook> LookAsync(LookRequest request, CancellationToken cancellationToken);

    /// <summary>Renews the leases of running jobs.</summary>
    /// <remarks>Synchronous, as all that tells others that a worker lives: it works on a thread of its own, and on a connection
    /// of its own, also while jobs block every thread of the pool.</remarks>
    /// <returns>The claims that are lost: another worker has the job, or it left the state that its execution saw.</returns>
    IReadOnlyList<Claim> Renew(IReadOnlyList<Lease> leases);

    /// <summary>Gives claimed jobs back unrun or interrupted. Claims that are no longer held are left alone.</summary>
    /// <remarks>A job that was enqueued anew since it was claimed (requeued, while it ran) waits or runs in its new place: here and
    /// wherever else claims are given back or taken back, the old one goes instead.</remarks>
    Task ReleaseAsync(IReadOnlyList<Claim> claims, CancellationToken cancellationToken);

    /// <summary>Gives claims up for good: their queue rows go. For jobs that moved on while they ran here (deleted, requeued):
    /// giving such a row back would run the job once more. A job that is still in the state that its execution saw is given
    /// back after all. Claims that are no longer held are left alone. Runs that they name go into the history of executions.</summary>
    Task DropAsync(IReadOnlyList<Lease> leases, CancellationToken cancellationToken);

    /// <summary>Changes the states of many jobs in one transaction, each for itself guarded by its claim (if it names one) and
    /// by the state row it saw. A change whose last state is not Processing ends the claim. A job that becomes Succeeded or
    /// Deleted, here or in any other operation, releases those that wait for it.</summary>
    /// <remarks>A change by an execution may be repeated as it was when its answer was lost: one that has been written already is
    /// recognized by its first state row, and counts as taken. So that row must be that execution's alone; Processing is,
    /// because it names the run.</remarks>
    /// <returns>For each change the id of the job's new current state row, or null when it did not take. A change that would
    /// have ended a claim ends it even then, if the claim is still held: its job has moved on. Changes of jobs that somebody
    /// else is changing at this moment are left for later (<see cref="AppliedChanges.Busy"/>); they hold up no other.</returns>
    Task<AppliedChanges> ApplyAsync(IReadOnlyList<StateChange> changes, CancellationToken cancellationToken);

    /// <summary>Tells about changes until cancelled: a hint to look earlier, never the truth. A store that cannot tell may
    /// return only when cancelled.</summary>
    /// <param name="onSignal">Called on any thread; it must be quick.</param>
    /// <param name="cancellationToken">Ends the listening without an exception.</param>
    Task ListenAsync(Action<StoreSignal> onSignal, CancellationToken cancellationToken);

    /// <summary>Tells the listeners that about so many jobs wait, which the caller has no use for.</summary>
    Task CallAsync(int jobs, CancellationToken cancellationToken);
}
