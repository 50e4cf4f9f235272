namespace JobRunner.Sandbox;

/// <summary>How many sandboxes there are, and what bounds them.</summary>
public sealed class SandboxOptions
{
    /// <summary>How many are kept ready when there is nothing to do. Default 1; 0 starts the first one with the first job.</summary>
    public int Minimum { get; set; } = 1;

    /// <summary>How many may live at once, which is how many jobs run at once. Default: the number of processors.</summary>
    public int Maximum { get; set; } = System.Environment.ProcessorCount;

    /// <summary>How long a job may run that has no limit of its own. Then its token is cancelled, and when
    /// <see cref="TimeLimitGrace"/> has passed as well, its sandbox is killed. Default 30 minutes.</summary>
    public TimeSpan TimeLimit { get; set; } = TimeSpan.FromMinutes(30);

    /// <summary>How long a job may take to end after its time limit, when its token tells it. Then it is looked up where its threads
    /// are, which takes 150 ms at most, and its sandbox is killed. Default 100 milliseconds.</summary>
    public TimeSpan TimeLimitGrace { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>How many megabytes a sandbox may hold while it runs a job that has no limit of its own, processes that the job starts
    /// included; then it is killed. At least 64; 0 for no limit. Default 1024.</summary>
    public int MemoryLimitMb { get; set; } = 1024;

    /// <summary>How much processor time a job may use that has no limit of its own, all threads and processes together; then its
    /// sandbox is killed. Default null, no limit.</summary>
    public TimeSpan? CpuTimeLimit { get; set; }

    /// <summary>Limits for some queues, types or methods. The first that fits counts. Empty by default.</summary>
    public IList<LimitRule> Rules { get; } = [];

    /// <summary>Runs a job that ended at its memory limit once more, at once, with this many times the memory. Default 1: it is not
    /// run again.</summary>
    public double MemoryRetryFactor { get; set; } = 1;

    /// <summary>How many megabytes of log one job may write; the rest is dropped, which the log says. Default 10.</summary>
    public int LogLimitMb { get; set; } = 10;

    /// <summary>How long a sandbox may take to become ready. Default 15 seconds.</summary>
    public TimeSpan StartTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a cancelled job may take to end before its sandbox is killed. Default 5 seconds.</summary>
    public TimeSpan CancelGrace { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a sandbox above the minimum may be idle before it is ended. Default 1 minute.</summary>
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>After how many jobs a sandbox is replaced. Default 100,000.</summary>
    public int RecycleAfterJobs { get; set; } = 100_000;

    /// <summary>At what age a sandbox is replaced, when it is next without a job. Default 6 hours.</summary>
    public TimeSpan RecycleAfter { get; set; } = TimeSpan.FromHours(6);

    /// <summary>A sandbox that holds more megabytes than this when its job has ended is replaced: something leaks. Default 512.</summary>
    public int RecycleAboveMb { get; set; } = 512;

    /// <summary>Keeps secrets of this process from the jobs, which run as the same user: no other process of that user may read this
    /// process's memory, environment or descriptors any more, its diagnostics port is closed, passwords are blotted out of its command
    /// line, and sandboxes have no capabilities even if this process is root's. It also keeps dotnet-trace, dotnet-dump and core dumps
    /// away from this process; turn it off to use them. Linux only. Default true.</summary>
    public bool ProtectHost { get; set; } = true;

    /// <summary>Gives each sandbox a network and processes of its own: a job can connect to nothing but Unix sockets in the file
    /// system, and neither see nor signal processes that it has not started. Needs Linux namespaces, and util-linux; where they cannot
    /// be had, the start fails and says why. Default false.</summary>
    public bool Strict { get; set; }

    /// <summary>Environment variables for the sandboxes. They get a few harmless ones of the worker (path, home, language,
    /// time zone, .NET's own), and never the rest, where passwords may be. Empty by default.</summary>
    public IDictionary<string, string> Environment { get; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Another program to start as a sandbox, with its first arguments: one that is not ours, to check the protocol.</summary>
    internal string[]? Program { get; set; }
}
