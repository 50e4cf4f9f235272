namespace JobRunner.Storage;

/// <summary>
/// Where jobs live. Coarse, asynchronous and in batches; each rule about states is inside an operation, so that every
/// store obeys it (one conformance suite runs against all of them). Any number of workers may use a store at once.
/// </summary>
/// <remarks>Every change of a job's state is guarded: it names the state row it saw, and does nothing when the job has moved
/// on. Writes by an execution are guarded by its claim as well.</remarks>
public partial interface IJobStore
{
    /// <summary>How the store calls itself in logs and pages, such as <c>PostgreSQL at db:5432/app, schema hangfire</c>. Never
    /// with a password.</summary>
    string Description { get; }

    /// <summary>Makes the store ready: creates what is absent, refuses what it does not understand. Called once at start.</summary>
    /// <exception cref="StoreException">The store exists in a form that this version cannot use.</exception>
    Task InitializeAsync(CancellationToken cancellationToken);

    /// <summary>Adds jobs in their first state, all or none.</summary>
    /// <returns>Their ids, in the given order.</returns>
    Task<IReadOnlyList<long>> AddAsync(IReadOnlyList<NewJob> jobs, CancellationToken cancellationToken);

    /// <summary>Adds jobs that wait for the end of another one, all or none. If it has ended already they enter at once the
    /// state that they would enter then.</summary>
    /// <param name="parentId">The other job.</param>
    /// <param name="jobs">The jobs, in state Awaiting.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Their ids, in the given order.</returns>
    /// <exception cref="KeyNotFoundException">There is no such other job. Nothing was added.</exception>
    /// <exception cref="TimeoutException">Somebody else keeps the other job locked. Nothing was added.</exception>
    Task<IReadOnlyList<long>> AddContinuationsAsync(long parentId, IReadOnlyList<NewJob> jobs, CancellationToken cancellationToken);

    /// <summary>Takes waiting jobs off the queues for a worker, at most <paramref name="count"/>: earlier queues first, and
    /// within a queue the oldest job first. Queue rows whose job is gone, or no longer wants to run, are removed.</summary>
    /// <param name="queues">The queues, and how many jobs at most from each.</param>
    /// <param name="count">How many jobs at most together.</param>
    /// <param name="exceptTypes">Jobs of these types are left to others: names exactly as stored. While there are such names, one
    /// claim may look at a part of each queue only, and the next one goes on from there: its cost does not grow with the number
    /// of jobs that it leaves.</param>
    /// <param name="cancellationToken">Ends it before anything is claimed.</param>
    Task<IReadOnlyList<ClaimedJob>> ClaimAsync(
        IReadOnlyList<QueueLimit> queues, int count, IReadOnlyCollection<string> exceptTypes, CancellationToken cancellationToken);

    /// <summary>Says what there is to do: cheap enough to be asked a few times a second by every worker.</summary>
    /// <param name="queues">The queues to look at.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<StoreOutlook> LookAsync(IReadOnlyList<string> queues, CancellationToken cancellationToken);

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

    /// <summary>Gives claimed jobs back unrun or interrupted. Claims that are no longer held are left alone.</summary>
    /// <remarks>A job that was enqueued anew since it was claimed (requeued, while it ran) waits or runs in its new place: here and
    /// wherever else claims are given back or taken back, the old one goes instead.</remarks>
    Task ReleaseAsync(IReadOnlyList<Claim> claims, CancellationToken cancellationToken);

    /// <summary>Gives claimed jobs back unrun, into another queue than the one they came from. Claims that are no longer held
    /// are left alone.</summary>
    Task MoveAsync(IReadOnlyList<Claim> claims, string queue, CancellationToken cancellationToken);

    /// <summary>Gives claims up for good: their queue rows go. For jobs that moved on while they ran here (deleted, requeued):
    /// giving such a row back would run the job once more. A job that is still in the state that its execution saw is given
    /// back after all. Claims that are no longer held are left alone.</summary>
    Task DropAsync(IReadOnlyList<Lease> leases, CancellationToken cancellationToken);

    /// <summary>Renews the leases of running jobs.</summary>
    /// <remarks>Synchronous, as all that tells others that a worker lives: it works on a thread of its own, and on a connection
    /// of its own, also while jobs block every thread of the pool.</remarks>
    /// <returns>The claims that are lost: another worker has the job, or it left the state that its execution saw.</returns>
    IReadOnlyList<Claim> Renew(IReadOnlyList<Lease> leases);

    /// <summary>Takes back the jobs of workers that died: those whose lease was not renewed and whose server has not been heard of for
    /// <paramref name="silence"/>. Each of them notes the state row under which its worker died (job parameter
    /// <see cref="WorkerDeaths.Parameter"/>), once. Also forgets servers that have been silent for 5 minutes, as Hangfire's do.</summary>
    /// <param name="silence">How long.</param>
    /// <param name="rescuer">Who asks; null for somebody who is no worker, and knows what he does.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>How many jobs wait again.</returns>
    Task<int> RescueAsync(TimeSpan silence, Rescuer? rescuer, CancellationToken cancellationToken);

    /// <summary>Puts jobs into their queues again that are Processing in nobody's hands: no queue row stands for them, and the
    /// server that they name has not been heard of for <paramref name="silence"/> (a Hangfire server: for the invisibility
    /// timeout). There should be none; a row that somebody deleted by hand leaves one.</summary>
    /// <inheritdoc cref="RescueAsync" path="/param"/>
    /// <returns>How many jobs wait again.</returns>
    Task<int> RescueOrphansAsync(TimeSpan silence, Rescuer? rescuer, CancellationToken cancellationToken);

    /// <summary>Enqueues scheduled jobs whose instant has come by the store's clock, at most <paramref name="count"/>.</summary>
    /// <returns>How many were due: fewer than <paramref name="count"/> means that none is left.</returns>
    Task<int> EnqueueDueAsync(int count, CancellationToken cancellationToken);

    /// <summary>Releases jobs that still wait although their parent has ended, or is gone: whoever ended it may have died before
    /// it could release them. Looks at <paramref name="count"/> waiting jobs, and at others in the next call.</summary>
    /// <returns>How many it released, or wants to look at again soon; 0 when there is nothing to do for now.</returns>
    Task<int> ReleaseAwaitingAsync(int count, CancellationToken cancellationToken);

    /// <summary>Removes jobs and counters whose time has passed, at most <paramref name="count"/> jobs.</summary>
    /// <returns>How many jobs went.</returns>
    Task<int> ExpireAsync(int count, CancellationToken cancellationToken);

    /// <summary>Puts finished, failed, scheduled or running jobs back into their queues, whatever state they are in.</summary>
    /// <returns>How many were: jobs that are gone are not counted.</returns>
    /// <exception cref="TimeoutException">Somebody else keeps some of them locked. All others were.</exception>
    Task<int> RequeueAsync(IReadOnlyList<long> jobIds, string? reason, CancellationToken cancellationToken);

    /// <summary>Deletes jobs, whatever state they are in. One that is running is cancelled by its worker.</summary>
    /// <returns>How many were: jobs that are gone, or deleted before, are not counted.</returns>
    /// <exception cref="TimeoutException">Somebody else keeps some of them locked. All others were.</exception>
    Task<int> DeleteAsync(IReadOnlyList<long> jobIds, string? reason, CancellationToken cancellationToken);

    /// <summary>Announces a worker, or tells that it is alive: the same row, made anew when somebody removed it.</summary>
    /// <param name="server">The worker.</param>
    /// <param name="gap">How long a silence is none. After a longer one the worker counts as heard from now on
    /// (<see cref="Rescuer"/>).</param>
    /// <inheritdoc cref="Renew" path="/remarks"/>
    void Announce(ServerInfo server, TimeSpan gap);

    /// <summary>Removes a worker that stops.</summary>
    Task WithdrawAsync(string serverId, CancellationToken cancellationToken);

    /// <summary>Appends lines to jobs' logs and stores their newest progress. Jobs that are gone are passed over.</summary>
    Task WriteNotesAsync(IReadOnlyList<JobLogLine> lines, IReadOnlyList<JobProgress> progress, CancellationToken cancellationToken);

    /// <summary>All that is known of a job, or null when there is none.</summary>
    Task<JobDetails?> GetAsync(long jobId, CancellationToken cancellationToken);

    /// <summary>Lines of a job's log with an id above <paramref name="afterId"/>, oldest first.</summary>
    Task<IReadOnlyList<JobLogLine>> ReadLogAsync(long jobId, long afterId, int count, CancellationToken cancellationToken);

    /// <summary>Jobs in a state, newest first.</summary>
    Task<IReadOnlyList<JobSummary>> ListAsync(string state, int offset, int count, CancellationToken cancellationToken);

    /// <summary>How many jobs are in each state, and what stands around them.</summary>
    Task<StoreCounts> CountAsync(CancellationToken cancellationToken);

    /// <summary>The workers that are alive or were lately, Hangfire's servers among them.</summary>
    Task<IReadOnlyList<ServerInfo>> ListServersAsync(CancellationToken cancellationToken);

    /// <summary>Tells about changes until cancelled: a hint to look earlier, never the truth. A store that cannot tell may
    /// return only when cancelled.</summary>
    /// <param name="onSignal">Called on any thread; it must be quick.</param>
    /// <param name="cancellationToken">Ends the listening without an exception.</param>
    Task ListenAsync(Action<StoreSignal> onSignal, CancellationToken cancellationToken);

    /// <summary>Tries to take locks, each for itself: those that nobody holds, and those whose holder is gone (one of ours that
    /// has not refreshed its lock for <paramref name="silence"/>, a Hangfire server whose lock is too old).</summary>
    /// <param name="locks">The locks.</param>
    /// <param name="silence">How long.</param>
    /// <param name="rescuer">Who asks: only where it may rescue is a holder of ours taken for gone. Null for somebody who is no worker.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Those that are held now. One that was held before by the same token is, too: a try may be repeated.</returns>
    Task<IReadOnlyList<ResourceLock>> AcquireLocksAsync(
        IReadOnlyList<ResourceLock> locks, TimeSpan silence, Rescuer? rescuer, CancellationToken cancellationToken);

    /// <summary>Tells that locks are still in use.</summary>
    /// <inheritdoc cref="Renew" path="/remarks"/>
    /// <returns>Those that are lost: somebody took them for abandoned.</returns>
    IReadOnlyList<ResourceLock> RefreshLocks(IReadOnlyList<ResourceLock> locks);

    /// <summary>Gives locks back. Those that are not ours any more are left alone.</summary>
    Task ReleaseLocksAsync(IReadOnlyList<ResourceLock> locks, CancellationToken cancellationToken);
}

/// <summary>Shorter forms.</summary>
public static class JobStoreExtensions
{
    /// <summary>Takes waiting jobs of any type.</summary>
    public static Task<IReadOnlyList<ClaimedJob>> ClaimAsync(
        this IJobStore store, IReadOnlyList<string> queues, int count, CancellationToken cancellationToken) =>
        store.ClaimAsync(queues, count, [], cancellationToken);

    /// <summary>Takes waiting jobs: as many from the first queue as there are, then from the next.</summary>
    public static Task<IReadOnlyList<ClaimedJob>> ClaimAsync(
        this IJobStore store, IReadOnlyList<string> queues, int count, IReadOnlyCollection<string> exceptTypes, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(queues);
        return store.ClaimAsync([.. queues.Select(queue => new QueueLimit(queue, count))], count, exceptTypes, cancellationToken);
    }
}
