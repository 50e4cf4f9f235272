namespace JobRunner.Sandbox;

/// <summary>
/// The limits that the kernel holds for a child, set anew for each job: the second line behind the watchdog. RLIMIT_DATA stops
/// what allocates faster than the watchdog looks: its allocations fail. RLIMIT_CPU stops a spin even if this process hangs.
/// Soft limits: the next job may have larger ones. The cgroup, where there is one, bounds what the sandbox and all below it hold together.
/// </summary>
sealed class KernelLimits(int processId, SandboxCgroup? group)
{
    // RLIMIT_CPU ends a process without saying why, so the watchdog goes first.
    static readonly TimeSpan CpuSlack = TimeSpan.FromSeconds(2);

    // Stacks are counted though for the most part they are not used.
    const long MoreThreads = 64L * 1024 * 1024;

    long _memory;
    bool _cpu;

    public void Apply(RunLimits limits)
    {
        if (!OperatingSystem.IsLinux())
            return;
        group?.Limit(limits.Memory);
        if (limits.Memory != _memory)
            Libc.SetSoftLimit(processId, Libc.RlimitData, limits.Memory == 0 ? Libc.NoLimit : DataLimit(limits.Memory));
        if (limits.Cpu is { } budget)
            Libc.SetSoftLimit(processId, Libc.RlimitCpu, Seconds(Libc.CpuTime(processId).GetValueOrDefault() + budget + CpuSlack));
        else if (_cpu)
            Libc.SetSoftLimit(processId, Libc.RlimitCpu, Libc.NoLimit);
        (_memory, _cpu) = (limits.Memory, limits.Cpu is not null);
    }

    // Not below what there is: the collector could not even begin to give back what jobs with higher limits have left.
    nuint DataLimit(long memory) =>
        ProcessTree.PrivateMemory(processId) is var (all, untouched) ? (nuint)(Math.Max(memory + untouched, all) + MoreThreads) : 0;

    static nuint Seconds(TimeSpan time) => (nuint)Math.Ceiling(time.TotalSeconds);
}
