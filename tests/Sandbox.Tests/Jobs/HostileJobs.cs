using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace JobRunner.Sandbox.Tests.Jobs;

/// <summary>Jobs that do to their process what none should.</summary>
public static partial class HostileJobs
{
    public static void WriteMuch(int megabytes) => TestJobs.WriteNatively(new string('x', 999) + "\n", megabytes * 1000);

    /// <summary>Closes what this process has open, the way to its parent included.</summary>
    public static void CloseDescriptors(bool onlySockets)
    {
        foreach (var file in Directory.GetFiles("/proc/self/fd"))
            if (!onlySockets || IsSocket(file))
                Close(int.Parse(Path.GetFileName(file)));
        TestJobs.WaitAsync(default).GetAwaiter().GetResult();
    }

    /// <summary>Writes into the connection, then ends.</summary>
    public static void WriteToSocket(string text)
    {
        foreach (var file in Directory.GetFiles("/proc/self/fd").Where(IsSocket))
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            Write(int.Parse(Path.GetFileName(file)), bytes, bytes.Length);
        }

        TestJobs.ExitAtOnce(0);
    }

    public static void IgnoreSignals()
    {
        foreach (var signal in (PosixSignal[])[PosixSignal.SIGTERM, PosixSignal.SIGINT, PosixSignal.SIGHUP, PosixSignal.SIGQUIT])
            PosixSignalRegistration.Create(signal, context => context.Cancel = true);
        TestJobs.Spin();
    }

    /// <summary>Starts a process that leaves the group, keeps this one's pipes, and loses its parent; returns its id.</summary>
    public static int DetachWithMyPipes()
    {
        var file = Path.GetTempFileName();
        using (var shell = Process.Start("sh", ["-c", $"setsid sh -c 'echo $$ > {file}; exec sleep 600' &"]))
            shell.WaitForExit();
        string text;
        while ((text = File.ReadAllText(file)).Length == 0)
            Thread.Yield();
        File.Delete(file);
        return int.Parse(text);
    }

    public static object Unwritable() => new Circle();

    public static void ThrowStrange() => throw new StrangeException();

    static bool IsSocket(string file) => new FileInfo(file).LinkTarget?.StartsWith("socket:", StringComparison.Ordinal) == true;

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "write")]
    private static partial nint Write(int descriptor, byte[] bytes, nint count);

    sealed class Circle
    {
        public Circle Me => this;
    }

    /// <summary>No other process could make one of these.</summary>
    sealed class StrangeException : Exception
    {
        public override string Message => "strange \ud800";

        public Thread Where { get; } = Thread.CurrentThread;
    }
}
