namespace JobRunner.Sandbox;

/// <summary>What holds the limits of jobs on this machine, in words for the log: it differs by system.</summary>
static class LimitsInForce
{
    public static string Describe(SandboxOptions options)
    {
        var linux = OperatingSystem.IsLinux();
        return string.Join("; ",
            $"time {Text.Of(options.TimeLimit)}" + (linux ? ", with stacks" : ""),
            options.MemoryLimitMb == 0 ? "memory unlimited" : $"memory {options.MemoryLimitMb} MB by heap limit" + (linux ? ", RLIMIT_DATA and watchdog" : " alone"),
            options.CpuTimeLimit is { } cpu && linux ? $"processor time {Text.Of(cpu)} by watchdog and RLIMIT_CPU" : "processor time unlimited",
            options.ProtectHost && linux ? "this process is closed to others of its user" : "this process is open to others of its user",
            linux ? "parent-death signal" + (File.Exists(HostGuard.Shell) ? " and guard" : ", no guard (no shell)") : "no parent-death signal");
    }
}
