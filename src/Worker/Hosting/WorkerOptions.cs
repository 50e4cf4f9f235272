namespace JobRunner.Worker;

/// <summary>How a worker works. Bound from the configuration section <c>JobRunner:Worker</c>, validated at start.</summary>
public sealed class WorkerOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "JobRunner:Worker";

    /// <summary>The queues to serve, most urgent first: as long as one has jobs, later ones get nothing. Queues in one entry share
    /// by weight: <c>["critical", "default:3, reports:1"]</c> gives three quarters of what critical leaves to default, and all
    /// of it while reports is empty. Default: <c>default</c> alone, when nothing is set.</summary>
    public IList<string> Queues { get; } = [];

    /// <summary>How many jobs may be in flight on the async lane. They share a few threads; each costs a few kilobytes. Default 1,000.</summary>
    public int AsyncConcurrency { get; set; } = 1000;

    /// <summary>How many synchronous jobs may run in this process at once, each on a thread of its own. Default 20.</summary>
    public int ThreadConcurrency { get; set; } = 20;

    /// <summary>How many claimed jobs a lane may hold beyond those that it runs, so that it need not wait for the next claim; it
    /// holds fewer when jobs take longer. Also how many may wait here for resources (<c>[DisableConcurrentExecution]</c>), half of
    /// them for one and the same. Default 1,000. Jobs for a full lane stay in their queue, and hold up none behind them.</summary>
    public int Backlog { get; set; } = 1000;

    /// <summary>About how many megabytes the arguments of claimed jobs may have together, as they are stored; one job is claimed in any
    /// case. In memory they take twice as much, and more while they are read. Default 0: a thirty-second of the memory that the process may use.</summary>
    public int PayloadMemoryMb { get; set; }

    /// <summary>Where a synchronous method runs when nothing else says so. Default <see cref="LaneKind.Sandbox"/>.</summary>
    public LaneKind SynchronousLane { get; set; } = LaneKind.Sandbox;

    /// <summary>Rules that send jobs to a lane, by queue or by name. Attributes in the code win over them.</summary>
    public IList<LaneRule> Rules { get; } = [];

    /// <summary>What becomes of jobs whose types are in none of the assemblies that this worker may run jobs from
    /// (<c>JobRunner:JobAssemblies</c>). Default <see cref="UnknownJobs.Leave"/>: other applications may share the queue.</summary>
    public UnknownJobs UnknownJobs { get; set; }

    /// <summary>How often queues, scheduled and recurring jobs are looked at when nothing tells of them. Default 500 ms.</summary>
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How soon a running job shows as Processing. Shorter jobs get that row together with their end. Default 200 ms;
    /// at most 1 s.</summary>
    public TimeSpan ProcessingDelay { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>How often leases are renewed and running jobs are checked for having been deleted or requeued by somebody who does
    /// not tell us (our own clients and dashboard do: then it takes milliseconds). Default 4 s.</summary>
    public TimeSpan LeaseInterval { get; set; } = TimeSpan.FromSeconds(4);

    /// <summary>How often the worker says that it is alive. Default 10 s.</summary>
    public TimeSpan HeartbeatInterval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>After how long a silence a worker counts as dead and its jobs are taken back. The same for all workers of a
    /// store, at least three times <see cref="HeartbeatInterval"/> and <see cref="LeaseInterval"/>. A worker calls others dead only
    /// after it has been connected for as long itself. Default 30 s.</summary>
    public TimeSpan RescueAfter { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a stop waits for running jobs before it cancels them. What is cut off is given back at no cost to
    /// its attempts. Default 15 s.</summary>
    public TimeSpan ShutdownGrace { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How long jobs that were cancelled by a stop have to end. Default 5 s.</summary>
    public TimeSpan CancelGrace { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>A silence so short cannot have made anybody look dead: intervals are at most a third of what does.</summary>
    internal TimeSpan Gap => HeartbeatInterval + (RescueAfter / 6);

    /// <summary>The limit in force, in bytes. A job that returns what it was given has it in memory eight times as a text (argument and result, as JSON and
    /// as objects, two bytes a character), and its end is written with some more.</summary>
    internal long PayloadLimit => PayloadMemoryMb > 0 ? PayloadMemoryMb * 1024L * 1024 : Math.Max(1, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 32);

    /// <summary>The queues in force.</summary>
    internal QueueGroups Groups => QueueGroups.Parse(Queues);
}
