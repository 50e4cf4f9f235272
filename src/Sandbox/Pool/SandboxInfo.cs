namespace JobRunner.Sandbox;

/// <summary>What a sandbox is doing.</summary>
public enum SandboxState
{
    /// <summary>It loads the application.</summary>
    Starting,

    /// <summary>It waits for a job.</summary>
    Idle,

    /// <summary>It runs a job.</summary>
    Busy,
}

/// <summary>One sandbox at one moment.</summary>
/// <param name="ProcessId">The id of its process.</param>
/// <param name="State">What it is doing.</param>
/// <param name="JobId">The job that it runs, if any.</param>
/// <param name="JobsRun">How many jobs it has run, the present one included.</param>
/// <param name="StartedAt">When its process was started.</param>
public sealed record SandboxInfo(int ProcessId, SandboxState State, long? JobId, int JobsRun, DateTimeOffset StartedAt);
