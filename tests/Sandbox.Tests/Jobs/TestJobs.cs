using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;

namespace JobRunner.Sandbox.Tests.Jobs;

/// <summary>One small job for each behaviour.</summary>
public static partial class TestJobs
{
    public static int Add(int a, int b) => a + b;

    public static void Nothing()
    {
    }

    public static int ProcessId() => Environment.ProcessId;

    public static int ParentId() => GetParentId();

    public static async Task<string> EchoAsync(string text)
    {
        await Task.Yield();
        return text;
    }

    public static void Throw(string message) => throw new InvalidOperationException(message, new ArgumentException("the cause"));

    public static void Log(IJobContext context)
    {
        context.Logger.LogError("from the logger {Number}", 42);
        Console.WriteLine("from the console");
        Console.Error.WriteLine("from the error console");
        Console.Write("no newline");
    }

    public static void Say(string line, int times) => Console.WriteLine(string.Concat(Enumerable.Repeat(line, times)));

    public static void Report(IJobContext context)
    {
        for (var i = 0; i <= 1000; i++)
            context.ReportProgress(i / 1000.0, $"step {i}");
    }

    public static string Context(IJobContext context) => $"{context.JobId} {context.Attempt} {context.Queue}";

    public static string Culture() => 1.5.ToString(System.Globalization.CultureInfo.CurrentCulture);

    static readonly AsyncLocal<string> _left = new();

    public static string LeaveBehind(string text)
    {
        var found = _left.Value ?? SynchronizationContext.Current?.ToString() ?? "nothing";
        _left.Value = text;
        SynchronizationContext.SetSynchronizationContext(new SynchronizationContext());
        return found;
    }

    public static void Spin()
    {
        while (true)
            Thread.SpinWait(1000);
    }

    public static void BlockThreadPool(CancellationToken cancellationToken)
    {
        var gate = new SemaphoreSlim(0); // not disposed: the last ones may still wait
        for (var i = 0; i < 200; i++)
            ThreadPool.QueueUserWorkItem(_ => gate.Wait(CancellationToken.None));
        while (!cancellationToken.IsCancellationRequested)
            Thread.SpinWait(1000);
        gate.Release(200);
        cancellationToken.ThrowIfCancellationRequested();
    }

    public static async Task WaitAsync(CancellationToken cancellationToken) =>
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);

    public static int Overflow(int depth) => depth < 0 ? 0 : 1 + Overflow(depth + 1) + Overflow(depth + 2);

    public static void Exit(int code) => Environment.Exit(code);

    public static void ExitAtOnce(int code) => ExitNow(code);

    public static void FailFast() => Environment.FailFast("this cannot go on");

    public static void ThrowOnAThread()
    {
        new Thread(() => throw new InvalidOperationException("on a thread")).Start();
        Spin();
    }

    public static int Crash() => Marshal.ReadInt32(8);

    public static void Abort() => AbortNow();

    public static string? Variable(string name) => Environment.GetEnvironmentVariable(name);

    public static int StartGrandchild()
    {
        using var sleeper = Process.Start("sleep", "600");
        return sleeper.Id;
    }

    /// <summary>Writes past every managed layer, as native code does.</summary>
    public static void WriteNatively(string text, int times)
    {
        using var output = Console.OpenStandardOutput();
        for (var i = 0; i < times; i++)
            output.Write(System.Text.Encoding.UTF8.GetBytes(text));
    }

    public static string Big(int length) => new('x', length);

    public static bool ServerCollector() => System.Runtime.GCSettings.IsServerGC;

    public static string? Input() => Console.ReadLine();

    [LibraryImport("libc", EntryPoint = "getppid")]
    private static partial int GetParentId();

    [LibraryImport("libc", EntryPoint = "_exit")]
    private static partial void ExitNow(int code);

    [LibraryImport("libc", EntryPoint = "abort")]
    private static partial void AbortNow();
}
