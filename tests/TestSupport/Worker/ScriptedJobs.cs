using System.Collections.Concurrent;

namespace JobRunner.TestSupport;

/// <summary>
/// Jobs that do what a test tells them. Asynchronous ones run in the worker's process, where they share
/// <see cref="Gates"/> with the test; synchronous ones run in a sandbox.
/// </summary>
public static class ScriptedJobs
{
    public static Task<string> EchoAsync(string text) => Task.FromResult(text);

    public static string Echo(string text) => text;

    public static Task<string> LongAsync(int length) => Task.FromResult(new string('x', length));

    [InProcess]
    public static string EchoOnAThread(string text) => $"{text} on {(Thread.CurrentThread.IsThreadPoolThread ? "a pool thread" : "its own thread")}";

    /// <summary>Takes so many milliseconds, on each lane.</summary>
    public static Task TakeAsync(int milliseconds, CancellationToken cancellationToken) =>
        Task.Delay(TimeSpan.FromMilliseconds(milliseconds), cancellationToken);

    [InProcess]
    public static void Take(int milliseconds, CancellationToken cancellationToken) => cancellationToken.WaitHandle.WaitOne(milliseconds);

    public static void TakeInASandbox(int milliseconds, CancellationToken cancellationToken) => cancellationToken.WaitHandle.WaitOne(milliseconds);

    /// <summary>Says that it began, then blocks its thread until the test opens the gate.</summary>
    [InProcess]
    public static string HoldAThread(string gate, IJobContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        Gates.Begin(gate);
        Gates.Of(gate).Opened.Task.GetAwaiter().GetResult();
        return context.Queue;
    }

    public static int ProcessId() => Environment.ProcessId;

    public static async Task FailAsync(string message)
    {
        await Task.Yield();
        throw new InvalidOperationException(message);
    }

    [Retry(Attempts = 0)]
    public static void Fail(string message) => throw new InvalidOperationException(message);

    [Retry(Attempts = 3, DelaysInSeconds = [0])]
    public static Task<int> FailUntilAsync(int attempt, IJobContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.Attempt < attempt ? throw new InvalidOperationException($"attempt {context.Attempt}") : Task.FromResult(context.Attempt);
    }

    /// <summary>Says that it began, then waits until the test opens the gate or the job is cancelled.</summary>
    public static async Task<string> WaitAtGateAsync(string gate, CancellationToken cancellationToken)
    {
        Gates.Begin(gate);
        await Gates.Of(gate).Opened.Task.WaitAsync(cancellationToken);
        return gate;
    }

    /// <summary>Waits at a gate, or throws; it must not run twice.</summary>
    [AtMostOnce]
    public static Task OnceAsync(string gate, CancellationToken cancellationToken) =>
        gate == "throw" ? throw new InvalidOperationException("thrown") : WaitAtGateAsync(gate, cancellationToken);

    /// <summary>Waits at a gate and does not listen to its cancellation.</summary>
    public static async Task IgnoreCancellationAsync(string gate)
    {
        Gates.Begin(gate);
        await Gates.Of(gate).Opened.Task;
    }

    public static async Task ReportAsync(IJobContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        context.ReportProgress(0.5, "half way");
        context.OnLogger("a line from the job");
        await Task.Yield();
    }

    public static async Task SayAsync(string first, string second, IJobContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        context.OnLogger(first);
        context.OnLogger(second);
        context.ReportProgress(0.5, second);
        await Task.Yield();
    }

    [Retry(Attempts = 0)]
    public static void OverflowTheStack() => Overflow(0);

    [Retry(Attempts = 0)]
    public static void Exit(int code) => Environment.Exit(code);

    [Retry(Attempts = 10, DelaysInSeconds = [0])]
    public static void ExitEachTime() => Environment.Exit(3);

    [Retry(Attempts = 0)]
    [Sandboxed(TimeLimit = "500ms")]
    public static void SpinWithALimit() => Spin(null);

    /// <summary>Spins for ever; writes its process id to a file first, so that a test can kill it.</summary>
    [Retry(Attempts = 0)]
    public static void Spin(string? pidFile)
    {
        if (pidFile is not null)
        {
            File.WriteAllText(pidFile + ".new", Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture));
            File.Move(pidFile + ".new", pidFile);
        }

        for (var i = 0L; ; i++)
            GC.KeepAlive(i);
    }

    static int Overflow(int depth) => Overflow(depth + 1) + depth;

    static void OnLogger(this IJobContext context, string line) =>
        Microsoft.Extensions.Logging.LoggerExtensions.LogInformation(context.Logger, "{Line}", line);
}

/// <summary>Where jobs in this process wait for the test.</summary>
public sealed class Gates
{
    static readonly ConcurrentDictionary<string, Gates> _gates = new(StringComparer.Ordinal);

    int _times;

    public TaskCompletionSource Begun { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TaskCompletionSource Opened { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public int Times => _times;

    public static Gates Of(string name) => _gates.GetOrAdd(name, _ => new Gates());

    public static void Begin(string name)
    {
        Interlocked.Increment(ref Of(name)._times);
        Of(name).Begun.TrySetResult();
    }
}
