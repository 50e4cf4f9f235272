using System.Collections.Immutable;
using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using Microsoft.Diagnostics.Runtime;

namespace JobRunner.Sandbox;

/// <summary>
/// The process that reads the managed stacks of another. It gets ready first, because that takes longer than the reading: it
/// looks at the process once without stopping it, then waits for a line on its input, and then has some 15 ms of work. The runtime's
/// own createdump needs 220 ms for the same, all of it while the process is stopped.
/// </summary>
static class StackDump
{
    const int MaxTries = 4;
    const int MaxThreads = 8;
    const int MaxFrames = 30;

    public static int Run(string processId)
    {
        AssemblyLoadContext.Default.Resolving += LoadFromHere;
        var pid = int.Parse(processId, CultureInfo.InvariantCulture);
        TryRead(pid);
        if (Console.In.ReadLine() is not null)
            Console.Out.Write(ReadStopped(pid));
        return 0;
    }

    // A thread that is stopped inside a helper of the runtime shows no frames; a moment later it may be elsewhere.
    static string ReadStopped(int pid)
    {
        var stacks = "";
        for (var tries = 0; tries < MaxTries && stacks.Length == 0; tries++)
            stacks = Read(pid, suspend: true);
        return stacks.Length == 0 ? "No code of the job was found on them." : stacks;
    }

    // The libraries are files in a directory beside this one, and no list of dependencies names them.
    static Assembly? LoadFromHere(AssemblyLoadContext context, AssemblyName name) =>
        Path.Combine(Path.GetDirectoryName(typeof(StackDump).Assembly.Location)!, "stacks", $"{name.Name}.dll") is var file && File.Exists(file)
            ? context.LoadFromAssemblyPath(file)
            : null;

    static void TryRead(int pid)
    {
        try
        {
            Read(pid, suspend: false);
        }
        catch (Exception e) when (e is ClrDiagnosticsException or IOException or InvalidOperationException or ArgumentException)
        {
            // a process that runs on while it is looked at may look like nonsense
        }
    }

    static string Read(int pid, bool suspend)
    {
        using var attached = DataTarget.AttachToProcess(pid, suspend, Options());
        using var inside = NamespaceReader.Of(attached.DataReader) is { } reader ? new DataTarget(reader, Options()) : null;
        using var runtime = (inside ?? attached).ClrVersions[0].CreateRuntime();
        var threads = runtime.Threads.Select(thread => (thread.ManagedThreadId, Frames: Frames(thread))).ToList();
        var jobs = threads.Where(thread => thread.Frames.Exists(IsOfJob)).Take(MaxThreads);
        return string.Join('\n', jobs.Select(thread => $"Thread {thread.ManagedThreadId}:\n{Describe(thread.Frames)}"));
    }

    static DataTargetOptions Options() => new() { FileLocator = new NoFiles() };

    // All files are where the process has them. The locator that would be used otherwise asks symbol servers.
    sealed class NoFiles : IFileLocator
    {
        public string? FindPEImage(string fileName, int buildTimeStamp, int imageSize, bool checkProperties) => null;

        public string? FindPEImage(
            string fileName, SymbolProperties archivedUnder, ImmutableArray<byte> buildIdOrUUID, OSPlatform originalPlatform, bool checkProperties) => null;
    }

    static List<ClrMethod> Frames(ClrThread thread) =>
        [.. thread.EnumerateStackTrace(includeContext: false, maxFrames: MaxFrames).Select(frame => frame.Method).OfType<ClrMethod>()];

    // Threads of the runtime and of the sandbox itself tell nothing about the job.
    static bool IsOfJob(ClrMethod method) =>
        Path.GetFileName(method.Type.Module.Name) is { } file && !file.StartsWith("System.", StringComparison.Ordinal)
        && !file.StartsWith("Microsoft.", StringComparison.Ordinal) && file != "JobRunner.Sandbox.dll";

    static string Describe(List<ClrMethod> frames) =>
        string.Join('\n', frames.Select(method => $"   at {method.Signature ?? method.Name}"));
}
