using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace JobRunner.Sandbox;

/// <summary>What .NET has no API for.</summary>
[UnsupportedOSPlatform("windows")]
static partial class Libc
{
    public const int SigKill = 9;
    public const int PrSetPdeathsig = 1;
    public const int PrioProcess = 0;
    public const int RlimitCpu = 0;
    public const int RlimitData = 2;
    public const int RlimitCore = 4;
    public static nuint NoLimit => nuint.MaxValue;

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    public static partial int Kill(int pid, int signal);

    [LibraryImport("libc", EntryPoint = "setsid", SetLastError = true)]
    public static partial int SetSid();

    [LibraryImport("libc", EntryPoint = "getppid")]
    public static partial int GetParentId();

    [LibraryImport("libc", EntryPoint = "prctl", SetLastError = true)]
    public static partial int Prctl(int option, nuint argument, nuint argument3, nuint argument4, nuint argument5);

    [LibraryImport("libc", EntryPoint = "setpriority", SetLastError = true)]
    public static partial int SetPriority(int which, int who, int priority);

    [LibraryImport("libc", EntryPoint = "setrlimit", SetLastError = true)]
    public static partial int SetLimit(int resource, in ResourceLimit limit);

    [LibraryImport("libc", EntryPoint = "prlimit", SetLastError = true)]
    private static unsafe partial int ProcessLimit(int pid, int resource, ResourceLimit* wanted, ResourceLimit* present);

    [LibraryImport("libc", EntryPoint = "clock_gettime", SetLastError = true)]
    private static partial int GetClock(int clock, out TimeSpec time);

    /// <summary>Sets the soft limit of a process, as far as its hard limit lets it. The process may be gone.</summary>
    public static unsafe void SetSoftLimit(int pid, int resource, nuint soft)
    {
        ResourceLimit present;
        if (ProcessLimit(pid, resource, null, &present) != 0)
            return;
        var wanted = present with { Soft = Math.Min(soft, present.Hard) };
        ProcessLimit(pid, resource, &wanted, null);
    }

    /// <summary>The processor time of a process since its start; null when it is gone.</summary>
    public static TimeSpan? CpuTime(int pid) =>
        GetClock((~pid << 3) | 2, out var time) == 0 ? TimeSpan.FromSeconds(time.Seconds) + TimeSpan.FromTicks(time.Nanoseconds / 100) : null;

    [StructLayout(LayoutKind.Sequential)]
    public readonly record struct ResourceLimit(nuint Soft, nuint Hard);

    [StructLayout(LayoutKind.Sequential)]
    readonly record struct TimeSpec(nint Seconds, nint Nanoseconds);
}
