using System.Globalization;
using System.Runtime.Versioning;

namespace JobRunner.Sandbox;

/// <summary>What a child does to itself before anything else: so that it can be killed whole, dies with its parent, gives way
/// to it, and leaves no dump behind. A step that fails is left out: each only adds to what the parent does anyway.</summary>
static class ProcessSetup
{
    const int Niceness = 10;

    // How long a sandbox may go on when somebody more urgent wakes up (the kernel's own choice is some milliseconds).
    static readonly TimeSpan _slice = TimeSpan.FromMicroseconds(100);

    const int OomScore = 800;

    public static void Apply(int parentId)
    {
        if (OperatingSystem.IsWindows())
            return;
        Libc.SetSid();
        if (!OperatingSystem.IsLinux())
            return;
        Libc.Prctl(Libc.PrSetPdeathsig, Libc.SigKill, 0, 0, 0);
        if (Libc.GetParentId() != parentId)
            Environment.Exit(0); // the parent died before it could take us along
        Libc.Prctl(Libc.PrSetPtracer, nuint.MaxValue, 0, 0, 0); // the reader of stacks is no ancestor of ours
        Libc.SetLimit(Libc.RlimitCore, default);
        GiveWay();
    }

    /// <summary>Ends this process, and what its jobs have started, without waiting for any job's code.</summary>
    /// <param name="outOfMemory">True to say that this is why; the parent knows the words, which are the runtime's.</param>
    public static void End(bool outOfMemory = false)
    {
        if (!OperatingSystem.IsWindows())
        {
            if (outOfMemory)
                Libc.WriteError("Out of memory.\n"u8);
            Libc.Kill(0, Libc.SigKill);
        }

        Environment.Exit(0);
    }

    // On Linux niceness belongs to the thread; threads that come later inherit it from those that are here now.
    [SupportedOSPlatform("linux")]
    static void GiveWay()
    {
        foreach (var thread in Directory.EnumerateDirectories("/proc/self/task"))
        {
            var id = int.Parse(Path.GetFileName(thread), CultureInfo.InvariantCulture);
            Libc.SetPriority(Libc.PrioProcess, id, Niceness);
            Libc.SetSlice(id, Niceness, _slice);
        }

        // Where the kernel groups processes by session, niceness counts inside a session only, and ours is a session of its own.
        TryWrite("/proc/self/autogroup", Niceness);
        TryWrite("/proc/self/oom_score_adj", OomScore);
    }

    static void TryWrite(string file, int value)
    {
        try
        {
            File.WriteAllText(file, value.ToString(CultureInfo.InvariantCulture));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // not here, or not for us: the kernel's choice among equals, then
        }
    }
}
