namespace JobRunner;

/// <summary>
/// Runs the job in a sandbox: a child process that can be limited and killed. On a method it wins over its class or
/// interface. Synchronous methods run there without it; it is how an asynchronous method gets there, and how limits are set:
/// <c>[Sandboxed(TimeLimit = "30s", MemoryLimitMb = 512, CpuTimeLimit = "60s")]</c>.
/// </summary>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Class | AttributeTargets.Interface)]
public sealed class SandboxedAttribute : Attribute
{
    /// <summary>How long the job may run, such as <c>"500ms"</c>, <c>"30s"</c>, <c>"5m"</c>, <c>"2h"</c> or <c>"00:01:30"</c>.
    /// The default is the pool's (<c>SandboxOptions.TimeLimit</c>).</summary>
    public string? TimeLimit { get; set; }

    /// <summary>How many megabytes the sandbox may hold while it runs the job, processes that the job starts included.
    /// Less than 64 counts as 64. The default, 0, means the pool's (<c>SandboxOptions.MemoryLimitMb</c>).</summary>
    public int MemoryLimitMb { get; set; }

    /// <summary>How much processor time the job may use, all threads and processes that it starts together, in the form of
    /// <see cref="TimeLimit"/>. The default is the pool's (<c>SandboxOptions.CpuTimeLimit</c>).</summary>
    public string? CpuTimeLimit { get; set; }

    /// <summary><see cref="TimeLimit"/> as a span; null when it is not set.</summary>
    /// <exception cref="FormatException">It is not a duration.</exception>
    public TimeSpan? TimeLimitSpan => TimeLimit is null ? null : Duration.Parse(TimeLimit);

    /// <summary><see cref="CpuTimeLimit"/> as a span; null when it is not set.</summary>
    /// <exception cref="FormatException">It is not a duration.</exception>
    public TimeSpan? CpuTimeLimitSpan => CpuTimeLimit is null ? null : Duration.Parse(CpuTimeLimit);
}
