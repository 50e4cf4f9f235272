namespace JobRunner.Sandbox;

/// <summary>
/// A pool's group in a delegated subtree of cgroup v2, in which each sandbox has one of its own: the kernel then counts and bounds
/// the memory of all that a job starts, and kills all of it at once. It is looked for at start, and done without where there is
/// none. This process is not moved: whoever delegates a subtree says in which leaf of it the process runs.
/// </summary>
sealed class PoolCgroup : IDisposable
{
    const string Prefix = "jobrunner-";
    const string Niceness = "10"; // as each sandbox has it, but for groups that have weights niceness ends at their border

    const int Busy = 16; // EBUSY

    int _last;

    PoolCgroup(string directory) => Directory = directory;

    public string Directory { get; }

    /// <summary>Makes one, or says why there is none.</summary>
    public static (PoolCgroup? Group, string WhyNot) TryCreate()
    {
        if (!OperatingSystem.IsLinux())
            return (null, "only Linux has them");
        if (CgroupMount.Find() is not { } mount)
            return (null, "no cgroup v2 is mounted for this process");
        var whyNot = "";
        foreach (var directory in mount.Candidates)
        {
            try
            {
                return (Create(directory), "");
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                whyNot = whyNot.Length == 0 ? Reason(directory, e) : $"{whyNot}; {Reason(directory, e)}";
            }
        }

        return (null, whyNot);
    }

    /// <summary>A group for one sandbox, which the process is moved to before it runs any job; null when that fails.</summary>
    public SandboxCgroup? TryAdd(int processId)
    {
        var directory = Path.Combine(Directory, $"{Interlocked.Increment(ref _last)}");
        try
        {
            return SandboxCgroup.Create(directory, processId);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            SandboxCgroup.TryEnd(directory);
            return null;
        }
    }

    public void Dispose() => SandboxCgroup.TryEnd(Directory);

    static PoolCgroup Create(string parent)
    {
        if (!File.ReadAllText(Path.Combine(parent, "cgroup.controllers")).Split().Contains("memory"))
            throw new IOException("it has no memory controller");
        using (File.OpenHandle(Path.Combine(parent, "cgroup.procs"), FileMode.Open, FileAccess.Write))
            Enable(parent); // whoever may not write there may not move processes below it either
        Sweep(parent);
        var group = new PoolCgroup(System.IO.Directory.CreateDirectory(
            Path.Combine(parent, $"{Prefix}{Environment.ProcessId}-{Guid.NewGuid():N}"[..^24])).FullName);
        try
        {
            Enable(group.Directory);
            SandboxCgroup.TryWrite(group.Directory, "cpu.weight.nice", Niceness);
            return group;
        }
        catch
        {
            group.Dispose();
            throw;
        }
    }

    static void Enable(string directory)
    {
        var file = Path.Combine(directory, "cgroup.subtree_control");
        if (!File.ReadAllText(file).Split().Contains("memory"))
            File.WriteAllText(file, "+memory");
        SandboxCgroup.TryWrite(directory, "cgroup.subtree_control", "+cpu");
    }

    // A process that is killed leaves its group behind.
    static void Sweep(string parent)
    {
        foreach (var directory in System.IO.Directory.EnumerateDirectories(parent, $"{Prefix}*-*"))
            if (int.TryParse(Path.GetFileName(directory).Split('-')[1], out var process) && !System.IO.Directory.Exists($"/proc/{process}"))
                SandboxCgroup.TryEnd(directory);
    }

    // Busy: the kernel lets a group have either processes or groups with controllers, and this very process is in it.
    static string Reason(string directory, Exception e) => e switch
    {
        UnauthorizedAccessException => $"{directory} is not delegated to this user, or is read-only",
        IOException { HResult: Busy } => $"processes are in {directory} itself, this one perhaps: it must run in a group below a delegated one",
        _ => $"{directory} cannot be used: {e.Message}",
    };
}
