using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace JobRunner.Sandbox;

/// <summary>What .NET has no API for.</summary>
[UnsupportedOSPlatform("windows")]
static partial class Libc
{
    public const int SigKill = 9;
    public const int PrSetPdeathsig = 1;
    public const int PrSetDumpable = 4;
    public const int PrDropBoundingCapability = 24;
    public const int PrSetNoNewPrivileges = 38;
    public const int PrSetPtracer = 0x59616d61;
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

    /// <summary>Sets a thread's niceness and its time slice, which Linux has since 6.12 (<c>sched_setattr</c>, sched_attr version
    /// 1).</summary>
    public static void SetSlice(int thread, int niceness, TimeSpan slice)
    {
        var number = RuntimeInformation.ProcessArchitecture switch
        {
            Architecture.X64 => 314,
            Architecture.Arm64 => 274,
            _ => 0,
        };
        if (number != 0)
            SchedSetAttr(number, thread, new SchedulingAttributes { Size = 48, Niceness = niceness, Runtime = (ulong)slice.TotalNanoseconds }, 0);
    }

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint SchedSetAttr(nint number, int thread, in SchedulingAttributes attributes, uint flags);

    [StructLayout(LayoutKind.Sequential)]
    struct SchedulingAttributes
    {
        public uint Size;
        public uint Policy;
        public ulong Flags;
        public int Niceness;
        public uint Priority;
        public ulong Runtime;
        public ulong Deadline;
        public ulong Period;
    }

    [LibraryImport("libc", EntryPoint = "setrlimit", SetLastError = true)]
    public static partial int SetLimit(int resource, in ResourceLimit limit);

    [LibraryImport("libc", EntryPoint = "prlimit", SetLastError = true)]
    private static unsafe partial int ProcessLimit(int pid, int resource, ResourceLimit* wanted, ResourceLimit* present);

    [LibraryImport("libc", EntryPoint = "clock_gettime", SetLastError = true)]
    private static partial int GetClock(int clock, out TimeSpec time);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static partial nint Write(int descriptor, ReadOnlySpan<byte> bytes, nint count);

    [LibraryImport("libc", EntryPoint = "capset", SetLastError = true)]
    private static unsafe partial int SetCapabilities(in CapabilityHeader header, CapabilitySet* sets);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint SystemCall(nint number, nuint first, nuint last, nuint flags);

    /// <summary>Writes to standard error past .NET, which may have no memory left for that.</summary>
    public static void WriteError(ReadOnlySpan<byte> text) => Write(2, text, text.Length);

    /// <summary>Takes all capabilities from the calling thread.</summary>
    public static unsafe void DropCapabilities()
    {
        var none = stackalloc CapabilitySet[2]; // 32 capabilities each
        none[0] = none[1] = default;
        SetCapabilities(new(CapabilityVersion3, 0), none);
    }

    /// <summary>Lets no descriptor but the standard ones pass into programs that are started, wherever it came from.</summary>
    public static void CloseDescriptorsOnExec() => SystemCall(CloseRange, 3, uint.MaxValue, CloseRangeCloexec);

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

    const uint CapabilityVersion3 = 0x20080522;
    const nint CloseRange = 436; // on every architecture; older kernels say that they do not know it
    const nuint CloseRangeCloexec = 4;

    [StructLayout(LayoutKind.Sequential)]
    readonly record struct CapabilityHeader(uint Version, int ProcessId);

    [StructLayout(LayoutKind.Sequential)]
    readonly record struct CapabilitySet(uint Effective, uint Permitted, uint Inheritable);

    [StructLayout(LayoutKind.Sequential)]
    readonly record struct TimeSpec(nint Seconds, nint Nanoseconds);
}
