namespace JobRunner.Sandbox;

/// <summary>What holds the limits of jobs on this machine, in words for the log and the dashboard: it differs by system.</summary>
static class LimitsInForce
{
    /// <param name="options">The limits of jobs that have none of their own.</param>
    /// <param name="noCgroup">Why there is no cgroup; empty when there is one.</param>
    public static string Describe(SandboxOptions options, string noCgroup)
    {
        var linux = OperatingSystem.IsLinux();
        return string.Join("; ",
            $"time: {Text.Of(options.TimeLimit)}" + (linux ? ", with stacks" : ""),
            options.MemoryLimitMb == 0 ? "memory: unlimited" : $"memory: {options.MemoryLimitMb} MB by heap limit{(linux ? Kernel(noCgroup) : " alone")}",
            options.CpuTimeLimit is { } cpu && linux ? $"processor time: {Text.Of(cpu)} by watchdog and RLIMIT_CPU" : "processor time: unlimited",
            $"strict: {(options.Strict ? "yes" : "no")}",
            options.ProtectHost && linux ? "this process is closed to others of its user" : "this process is open to others of its user",
            linux ? "parent-death signal" + (File.Exists(HostGuard.Shell) ? " and guard" : ", no guard (no shell)") : "no parent-death signal");
    }

    static string Kernel(string noCgroup) => noCgroup.Length == 0
        ? ", cgroup, RLIMIT_DATA and watchdog"
        : $", RLIMIT_DATA and watchdog (no cgroup: {noCgroup})";
}
