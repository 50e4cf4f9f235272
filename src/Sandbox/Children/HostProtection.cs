using System.Runtime.Versioning;
using System.Text;

namespace JobRunner.Sandbox;

/// <summary>
/// Keeps what this process knows from the jobs, which run as the same user. An environment without passwords is not enough for that:
/// a process may read the environment, the memory and the descriptors of another one of its user in /proc, and the diagnostics
/// port of .NET gives the environment to any of them, and loads their code.
/// </summary>
[SupportedOSPlatform("linux")]
static class HostProtection
{
    const int ArgumentsStart = 45; // of stat, counted from the state on
    const int ArgumentsEnd = 46;

    static readonly string[] Secret = ["password", "pwd", "secret", "apikey", "token"];

    /// <summary>Protects this process from now on, for good.</summary>
    public static void Apply()
    {
        BlotOutArguments(); // before: afterwards /proc/self is root's
        Libc.Prctl(Libc.PrSetDumpable, 0, 0, 0, 0);
        foreach (var kind in (string[])["dotnet-diagnostic", "clr-debug-pipe"])
            foreach (var file in Directory.EnumerateFiles(Path.GetTempPath(), $"{kind}-{Environment.ProcessId}-*"))
                TryDelete(file);
    }

    // A name of ours that is another user's is no way into this process: an earlier one had its id.
    static void TryDelete(string file)
    {
        try
        {
            File.Delete(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // it stays
        }
    }

    /// <summary>For the thread that starts sandboxes: they inherit what it may do. Root's processes need no memory of others, nor
    /// may a job become root by a program that makes its callers so.</summary>
    public static void GiveUpPrivileges()
    {
        Libc.Prctl(Libc.PrSetNoNewPrivileges, 1, 0, 0, 0);
        for (nuint capability = 0; Libc.Prctl(Libc.PrDropBoundingCapability, capability, 0, 0, 0) == 0; capability++)
            continue;
        Libc.DropCapabilities();
    }

    // The command line of a process is for everybody to read, and it is memory of that process. What this process reads of it, it
    // has read when it started.
    static unsafe void BlotOutArguments()
    {
        var stat = File.ReadAllText("/proc/self/stat");
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        if (!nuint.TryParse(fields[ArgumentsStart], out var start) || !nuint.TryParse(fields[ArgumentsEnd], out var end) || start == 0 || end <= start)
            return;
        var arguments = new Span<byte>((void*)start, (int)(end - start));
        foreach (var range in arguments.Split((byte)0))
            if (IsSecret(Encoding.UTF8.GetString(arguments[range])))
                arguments[range].Fill((byte)'*');
    }

    static bool IsSecret(string argument) => Array.Exists(Secret, word => argument.Contains(word, StringComparison.OrdinalIgnoreCase));
}
