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
    public const int RlimitCore = 4;

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

    [StructLayout(LayoutKind.Sequential)]
    public readonly record struct ResourceLimit(nuint Soft, nuint Hard);
}
