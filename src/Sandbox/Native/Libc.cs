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

    [LibraryImport("libc", EntryPoint = "setrlimit", SetLastError = true)]
    public static partial int SetLimit(int resource, in ResourceLimit limit);

    [StructLayout(LayoutKind.Sequential)]
    public readonly record struct ResourceLimit(nuint Soft, nuint Hard);
}
