namespace JobRunner.Sandbox;

/// <summary>A call to run in a sandbox.</summary>
/// <param name="Invocation">The call.</param>
public sealed record SandboxCall(Invocation Invocation)
{
    /// <summary>The job's id, which the job can ask for.</summary>
    public long JobId { get; init; }

    /// <summary>Which run of the job this is, from 1.</summary>
    public int Attempt { get; init; } = 1;

    /// <summary>The queue that the job was taken from.</summary>
    public string Queue { get; init; } = "default";

    /// <summary>The cultures to run it under.</summary>
    public JobCultures Cultures { get; init; }

    /// <summary>How long it may run; null for what a rule says, else for <see cref="SandboxOptions.TimeLimit"/>.</summary>
    public TimeSpan? TimeLimit { get; init; }

    /// <summary>How many megabytes its sandbox may hold; null for what a rule says, else for
    /// <see cref="SandboxOptions.MemoryLimitMb"/>.</summary>
    public int? MemoryLimitMb { get; init; }

    /// <summary>How much processor time it may use; null for what a rule says, else for
    /// <see cref="SandboxOptions.CpuTimeLimit"/>.</summary>
    public TimeSpan? CpuTimeLimit { get; init; }

    /// <summary>Who is told what the job logs and how far it is.</summary>
    public ISandboxObserver? Observer { get; init; }

    /// <summary>True when what awaits the run may go on on the thread that reads what the sandbox sends, which saves a change of
    /// threads. It must not block then: the sandbox would wait for it. Default false.</summary>
    public bool AllowSynchronousContinuations { get; init; }
}
