using System.Text;

namespace JobRunner.Sandbox;

/// <summary>
/// A variable in the environment of each sandbox, which what it starts inherits. It finds those that have left the process group of
/// their sandbox. (Who wants to hide can do so; a process namespace is the only remedy for that.)
/// </summary>
static class SandboxMark
{
    public const string Variable = "JOBRUNNER_SANDBOX";

    // Whoever forks while he is looked for is found in the next round.
    const int MaxRounds = 5;

    /// <summary>What marks all sandboxes of a pool; each adds a number to it.</summary>
    public static string OfPool() => $"{Environment.ProcessId}-{Guid.NewGuid():N}";

    /// <summary>Kills all that have the mark.</summary>
    public static void KillAll(string mark)
    {
        if (!OperatingSystem.IsLinux())
            return;
        var entry = Encoding.UTF8.GetBytes($"{Variable}={mark}\0");
        for (var round = 0; round < MaxRounds && KillOnce(entry); round++)
            continue;
    }

    static bool KillOnce(byte[] entry)
    {
        var found = false;
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
            if (int.TryParse(Path.GetFileName(directory), out var process) && Environ(directory).IndexOf(entry) >= 0)
                found |= !OperatingSystem.IsWindows() && Libc.Kill(process, Libc.SigKill) == 0;
        return found;
    }

    static ReadOnlySpan<byte> Environ(string directory)
    {
        try
        {
            return File.ReadAllBytes($"{directory}/environ");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return default; // somebody else's, or gone
        }
    }
}
