using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;

namespace JobRunner.Sandbox.Tests.Jobs;

/// <summary>A job that looks for a secret wherever a process of the same user may look.</summary>
public static partial class Spy
{
    /// <summary>Returns where the secret is. It is given backwards, so that it is not in this process.</summary>
    public static List<string> Find(string reversed)
    {
        var secret = Encoding.UTF8.GetBytes(reversed).Reverse().ToArray();
        var parent = GetParentId();
        string[] files = [.. Look("/proc/self"), .. Look($"/proc/{parent}"), .. Siblings().SelectMany(id => Look($"/proc/{id}")), .. Sockets()];
        List<string> leaks = [.. files.Where(file => Has(file, secret))];
        if (MemoryHas(parent, secret))
            leaks.Add($"the memory of {parent}");
        if (Directory.GetFiles(Path.GetTempPath(), $"dotnet-diagnostic-{parent}-*").Any(CanConnect))
            leaks.Add("the diagnostics port");
        if (!File.ReadAllText("/proc/self/status").Contains("CapEff:\t0000000000000000", StringComparison.Ordinal))
            leaks.Add("capabilities");
        return leaks;
    }

    /// <summary>Starts a process that stays in the group, and one that leaves it; then goes on.</summary>
    public static void StartProcesses()
    {
        using var near = Process.Start("sleep", "600");
        using var far = Process.Start("sh", ["-c", "setsid sleep 600 >/dev/null 2>&1 </dev/null &"]);
        TestJobs.WaitAsync(default).GetAwaiter().GetResult();
    }

    static string[] Look(string process) =>
        [$"{process}/environ", $"{process}/cmdline", .. List($"{process}/fd"), .. List($"{process}/map_files")];

    static IEnumerable<int> Siblings() => Directory.GetDirectories("/proc")
        .Select(directory => int.TryParse(Path.GetFileName(directory), CultureInfo.InvariantCulture, out var id) ? id : 0)
        .Where(id => id > 0 && id != Environment.ProcessId && Read($"/proc/{id}/cmdline").AsSpan().IndexOf("JobRunner.Sandbox.dll"u8) >= 0);

    static string[] Sockets() => [.. Directory.GetDirectories(Path.GetTempPath(), "jobrunner-*").SelectMany(List)];

    static string[] List(string directory)
    {
        try
        {
            return Directory.GetFiles(directory);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    static bool Has(string file, byte[] secret) => IsFile(file) && Read(file).AsSpan().IndexOf(secret) >= 0;

    // A pipe or a terminal would make us wait.
    static bool IsFile(string file)
    {
        try
        {
            return File.ResolveLinkTarget(file, returnFinalTarget: false) is not { FullName: var target }
                || (!target.StartsWith("/dev/", StringComparison.Ordinal) && (File.Exists(target) || target.EndsWith("(deleted)", StringComparison.Ordinal)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    static byte[] Read(string file)
    {
        try
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            var bytes = new byte[100_000];
            return bytes[..stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            return [];
        }
    }

    // Its stack holds the environment.
    static bool MemoryHas(int process, byte[] secret)
    {
        try
        {
            var range = File.ReadLines($"/proc/{process}/maps").First(line => line.EndsWith("[stack]", StringComparison.Ordinal)).Split(' ')[0].Split('-');
            var start = long.Parse(range[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            using var memory = File.OpenHandle($"/proc/{process}/mem");
            var bytes = new byte[long.Parse(range[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture) - start];
            return bytes.AsSpan(0, RandomAccess.Read(memory, bytes, start)).IndexOf(secret) >= 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    static bool CanConnect(string path)
    {
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            socket.Connect(new UnixDomainSocketEndPoint(path));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    [LibraryImport("libc", EntryPoint = "getppid")]
    private static partial int GetParentId();
}
