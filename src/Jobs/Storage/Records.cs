using System.Collections.Immutable;

namespace JobRunner.Storage;

/// <summary>A job to add.</summary>
/// <param name="Invocation">The call.</param>
/// <param name="State">Its first state: Enqueued or Scheduled.</param>
/// <param name="Parameters">Job parameters such as <c>CurrentCulture</c>; the values are JSON.</param>
public sealed record NewJob(Invocation Invocation, JobState State, IReadOnlyDictionary<string, string?> Parameters);

/// <summary>What there is to do in a store.</summary>
/// <param name="Waiting">The queues, of those that were asked for, in which something waits; of very many, the first ones.</param>
/// <param name="NextScheduled">In what time the first scheduled job is due, zero or less when it is now; null when there is none.</param>
/// <param name="NextRecurring">In what time the first recurring job is due; null when there is none.</param>
/// <param name="Place">Who else looks.</param>
public sealed record StoreOutlook(IReadOnlyList<string> Waiting, TimeSpan? NextScheduled, TimeSpan? NextRecurring, FleetPlace Place);

/// <summary>A worker's place among those that can do all that it does: whose sign of life is young, and who serve at least its queues. A
/// worker that serves more than the others does not count them, because they could not take its jobs.</summary>
/// <param name="Size">How many, the worker itself among them: at least 1.</param>
/// <param name="Rank">How many of them come before it, in an order that all agree on.</param>
public readonly record struct FleetPlace(int Size, int Rank);

/// <summary>Who looks at a store, and for what.</summary>
/// <param name="Queues">The queues.</param>
public sealed record LookRequest(IReadOnlyList<string> Queues)
{
    /// <summary>The worker, as it announces itself; null for somebody else, who counts as the only one.</summary>
    public string? ServerId { get; init; }

    /// <summary>How long a worker may be silent and still be counted. Zero by default: nobody is.</summary>
    public TimeSpan Gap { get; init; }
}

/// <summary>The right to run a job: its queue row as it was claimed. Whoever claims the row next gets another token.</summary>
/// <param name="QueueRowId">The id of the queue row.</param>
/// <param name="Token">Changes with each claim.</param>
public readonly record struct Claim(long QueueRowId, int Token);

/// <summary>A claimed job.</summary>
/// <param name="JobId">Its id.</param>
/// <param name="Claim">The claim.</param>
/// <param name="Queue">The queue that it was taken from.</param>
/// <param name="StateId">The id of its current state row.</param>
/// <param name="StateName">The name of that state.</param>
/// <param name="Invocation">The call, or null when what is stored cannot be read: then <paramref name="LoadError"/> says why.</param>
/// <param name="LoadError">Why the call cannot be read.</param>
/// <param name="Parameters">The job's parameters.</param>
/// <param name="CreatedAt">When the job was added.</param>
public sealed record ClaimedJob(
    long JobId, Claim Claim, string Queue, long StateId, string StateName, Invocation? Invocation, string? LoadError,
    IReadOnlyDictionary<string, string?> Parameters, DateTimeOffset CreatedAt);

/// <summary>A change of one job's state.</summary>
/// <param name="JobId">The job.</param>
/// <param name="SeenStateId">The state row that the job must still be in.</param>
/// <param name="SeenStateName">The name of that state.</param>
/// <param name="States">One to three history rows, oldest first; the last one becomes the current state.</param>
/// <param name="OwnQueue">The queue that the job itself carries, or null.</param>
/// <param name="Claim">The claim that must still be held, or null for a change from outside.</param>
/// <param name="Parameters">New values of job parameters, such as <c>RetryCount</c>; null to leave all.</param>
/// <param name="Retention">In what time the job expires, as <see cref="RetentionRule"/> says; null takes any expiry away.</param>
public sealed record StateChange(
    long JobId, long SeenStateId, string SeenStateName, IReadOnlyList<JobState> States, string? OwnQueue = null,
    Claim? Claim = null, IReadOnlyDictionary<string, string?>? Parameters = null, TimeSpan? Retention = null)
{
    /// <summary>The run that it ends, for the history of executions; null when that is not kept.</summary>
    public EndedRun? Run { get; init; }

    /// <summary>What the change does besides its history rows.</summary>
    public StateEffects Effects => StateEffects.Of(SeenStateName, States[^1], OwnQueue);

    /// <summary>True when the execution is over: the queue row goes.</summary>
    public bool EndsClaim => Claim is not null && States[^1].Name != JobStates.Processing;
}

/// <summary>A running job's claim and the state row that its execution saw last.</summary>
public readonly record struct Lease(long JobId, Claim Claim, long StateId)
{
    /// <summary>Where it is dropped: the run that was cancelled, for the history of executions, or null.</summary>
    public EndedRun? Run { get; init; }
}

/// <summary>A lock that excludes whoever names the same resource, Hangfire's servers among them.</summary>
/// <param name="Resource">The resource, as <see cref="ExclusionRule.ResourceOf"/> names it.</param>
/// <param name="Token">Whose it is: a number above 1 that no other holder has.</param>
public readonly record struct ResourceLock(string Resource, int Token);

/// <summary>One line of a job's log.</summary>
/// <param name="Id">Its place in the log; 0 for a line that is not stored yet.</param>
/// <param name="JobId">The job.</param>
/// <param name="At">When it was written.</param>
/// <param name="Level">The level, as <c>Microsoft.Extensions.Logging.LogLevel</c> numbers it.</param>
/// <param name="Message">The text.</param>
public sealed record JobLogLine(long Id, long JobId, DateTimeOffset At, int Level, string Message);

/// <summary>How far a job is.</summary>
/// <param name="JobId">The job.</param>
/// <param name="Fraction">From 0 to 1.</param>
/// <param name="Message">What it is doing, or null.</param>
/// <param name="At">When it said so.</param>
public sealed record JobProgress(long JobId, double Fraction, string? Message, DateTimeOffset At);

/// <summary>A job in a list.</summary>
/// <param name="JobId">Its id.</param>
/// <param name="Invocation">The call, or null when it cannot be read. Long arguments are cut.</param>
/// <param name="State">Its current state. Long texts are cut.</param>
/// <param name="CreatedAt">When it was added.</param>
public sealed record JobSummary(long JobId, Invocation? Invocation, JobState State, DateTimeOffset CreatedAt);

/// <summary>All that is known of a job.</summary>
/// <param name="JobId">Its id.</param>
/// <param name="Invocation">The call, or null when it cannot be read.</param>
/// <param name="LoadError">Why the call cannot be read, or null.</param>
/// <param name="CreatedAt">When it was added.</param>
/// <param name="ExpireAt">When it may be removed, or null.</param>
/// <param name="Parameters">Its parameters.</param>
/// <param name="History">Its states, newest first; the first is the current one. Empty for a job that has no state yet.</param>
/// <param name="Queue">The queue in which it waits or from which it runs, or null.</param>
/// <param name="Progress">How far it is, or null.</param>
public sealed record JobDetails(
    long JobId, Invocation? Invocation, string? LoadError, DateTimeOffset CreatedAt, DateTimeOffset? ExpireAt,
    IReadOnlyDictionary<string, string?> Parameters, IReadOnlyList<JobState> History, string? Queue, JobProgress? Progress)
{
    /// <summary>The current state, or null for a job that has none yet.</summary>
    public JobState? State => History.Count > 0 ? History[0] : null;
}

/// <summary>Where a job is.</summary>
/// <param name="State">The name of its current state; null for a job that has none yet.</param>
/// <param name="Since">When it entered that state.</param>
/// <param name="States">How many states it has had.</param>
/// <param name="Progress">How far it is, or null.</param>
public sealed record JobGlance(string? State, DateTimeOffset? Since, int States, JobProgress? Progress);
/// <summary>The state of a job.</summary>
/// <param name="JobId">The job.</param>
/// <param name="Name">The name of its current state, or null for a job that has none yet.</param>
/// <param name="End">That state as a whole, when the job has ended.</param>
public sealed record CurrentState(long JobId, string? Name, JobState? End)
{
    /// <summary>True when the job has ended, and its end has to be asked for once more.</summary>
    public bool IsLeft => End is null && JobStates.HasEnded(Name);
}

/// <summary>A worker, ours or a Hangfire server.</summary>
/// <param name="Id">Hangfire's form: name, process id and a GUID, separated by colons.</param>
/// <param name="Queues">The queues that it serves.</param>
/// <param name="WorkerCount">How many jobs it runs at once.</param>
/// <param name="StartedAt">When it started.</param>
/// <param name="LastHeartbeat">When it was last heard of; ignored when announcing.</param>
public sealed record ServerInfo(
    string Id, IReadOnlyList<string> Queues, int WorkerCount, DateTimeOffset StartedAt, DateTimeOffset LastHeartbeat)
{
    /// <summary>What the name of every JobRunner worker starts with, so that its jobs can be told from a Hangfire server's.</summary>
    public const string NamePrefix = "jobrunner@";

    /// <summary>Its sandboxes; null for a Hangfire server, which has none.</summary>
    public ServerSandboxes? Sandboxes { get; init; }

    /// <summary>How many jobs have ended there whose outcome the store has refused so far: 0 unless something is wrong with
    /// what they left, or with the store.</summary>
    public int Unwritten { get; init; }
}

/// <summary>
/// A worker that wants to take back the jobs of dead ones. After an outage of the store everybody looks dead, and whoever comes
/// back first must not take the others' jobs: a worker may only when the store has heard it, without a gap, for as long as it takes to
/// call somebody dead. Then all who live have been heard as well. The store's clock decides, when the request arrives there: it may
/// have been on its way for as long as the outage.
/// </summary>
/// <param name="ServerId">Its name.</param>
/// <param name="Gap">How long a silence is none.</param>
/// <param name="Held">What it holds itself: never taken back, however old its leases look.</param>
public sealed record Rescuer(string ServerId, TimeSpan Gap, IReadOnlyCollection<Claim> Held);

/// <summary>A worker's sandboxes at its last heartbeat.</summary>
/// <param name="Limits">What bounds jobs that have no limits of their own, and what holds that on its machine: a line for people.</param>
/// <param name="Busy">How many run a job.</param>
/// <param name="Idle">How many wait for one.</param>
/// <param name="Maximum">How many may live at once.</param>
public sealed record ServerSandboxes(string Limits, int Busy, int Idle, int Maximum);

/// <summary>Numbers for an overview.</summary>
/// <param name="ByState">Jobs in each of the seven states. For Succeeded and Deleted all that ever were, as Hangfire counts
/// them, also those that have expired since.</param>
/// <param name="Retries">Scheduled jobs that wait for a retry.</param>
/// <param name="Servers">Workers.</param>
/// <param name="Queues">Jobs waiting in each queue.</param>
public sealed record StoreCounts(
    IReadOnlyDictionary<string, long> ByState, long Retries, int Servers, IReadOnlyDictionary<string, long> Queues)
{
    /// <summary>The states of which <see cref="ByState"/> has an estimate: they have more jobs than a store counts one by one.</summary>
    public IReadOnlySet<string> Estimated { get; init; } = ImmutableHashSet<string>.Empty;

    /// <summary>The most retries that are counted: when <see cref="Retries"/> reaches it, there may be more.</summary>
    public long RetriesBound { get; init; } = long.MaxValue;

    /// <summary>The most jobs that are counted in a queue: one in <see cref="Queues"/> that reaches it may have more.</summary>
    public long QueueBound { get; init; } = long.MaxValue;

    /// <summary>True when jobs wait in more queues than are told.</summary>
    public bool HasMoreQueues { get; init; }

    /// <summary>True when <see cref="Waiting"/> is the number of jobs, and not an estimate.</summary>
    public bool IsWaitingExact => !HasMoreQueues && Queues.Values.All(waiting => waiting < QueueBound);

    /// <summary>Jobs waiting in all queues.</summary>
    public long Waiting => IsWaitingExact ? Queues.Values.Sum() : Math.Max(Queues.Values.Sum(), ByState[JobStates.Enqueued]);

    /// <summary>How often jobs were taken back from workers that died, ever.</summary>
    public long Rescued { get; init; }

    /// <summary>How often jobs were found Processing in nobody's hands, ever: 0 unless somebody else meddles, or has a fault.</summary>
    public long Orphans { get; init; }

    /// <summary>How many jobs wait or run, or will.</summary>
    public long Unfinished => ByState[JobStates.Enqueued] + ByState[JobStates.Scheduled] + ByState[JobStates.Processing] + ByState[JobStates.Awaiting];
}

/// <summary>What a store tells its listeners.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="JobId">The job concerned, or 0 when it does not matter.</param>
/// <param name="StateId">The state row that the job was given: a run that saw this one or a newer one began after it, and is
/// not meant. (The signal may arrive when the job runs again already.)</param>
public readonly record struct StoreSignal(StoreSignalKind Kind, long JobId = 0, long StateId = 0)
{
    /// <summary>How many jobs wait that this tells of; 0 when that is not known, and every listener should look.</summary>
    public int Jobs { get; init; }

    /// <summary>A number drawn at random, about the same for all who hear this: it says which of many workers should look.</summary>
    public uint Number { get; init; }
}

/// <summary>What happened in a store.</summary>
public enum StoreSignalKind
{
    /// <summary>A queue has got jobs.</summary>
    Enqueued,

    /// <summary>A job was deleted or requeued from outside; if it runs, it should stop.</summary>
    Withdrawn,
}

/// <summary>A store cannot be used as it is.</summary>
public sealed class StoreException(string message, Exception? cause = null) : Exception(message, cause);
