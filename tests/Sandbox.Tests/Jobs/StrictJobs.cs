using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;

namespace JobRunner.Sandbox.Tests.Jobs;

/// <summary>Jobs that try what strict mode forbids.</summary>
public static class StrictJobs
{
    /// <summary>Connects to a port of this machine; returns what came of it.</summary>
    public static string Connect(int port)
    {
        try
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.Connect("127.0.0.1", port);
            return "connected";
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode.ToString();
        }
    }

    /// <summary>The command lines of all processes that it sees.</summary>
    public static List<string> Processes() => [.. Directory.GetDirectories("/proc")
        .Where(directory => int.TryParse(Path.GetFileName(directory), CultureInfo.InvariantCulture, out _))
        .Select(directory => File.ReadAllText($"{directory}/cmdline").Replace('\0', ' '))];

    /// <summary>What a signal to a process comes to, as a shell says it.</summary>
    public static string Signal(int process)
    {
        using var shell = Process.Start(new ProcessStartInfo("sh", ["-c", $"kill -0 {process} 2>&1 || echo refused"]) { RedirectStandardOutput = true })!;
        return shell.StandardOutput.ReadToEnd();
    }

    /// <summary>Its privileges, as the kernel tells them.</summary>
    public static string Privileges() => File.ReadAllText("/proc/self/status");

    /// <summary>Leaves a process behind that has left its session, lost its parent and wiped its environment; returns when it runs.</summary>
    public static void DetachWithoutTrace(string name)
    {
        using var shell = Process.Start("sh", ["-c", $"setsid env -i sh -c 'exec sleep {name}' >/dev/null 2>&1 </dev/null &"]);
        shell.WaitForExit();
    }

    /// <summary>The same with one that takes memory without end; goes on until it is ended.</summary>
    public static void HogWithoutTrace()
    {
        using var shell = Process.Start("sh", ["-c", "setsid env -i tail /dev/zero >/dev/null 2>&1 &"]);
        TestJobs.WaitAsync(default).GetAwaiter().GetResult();
    }
}
