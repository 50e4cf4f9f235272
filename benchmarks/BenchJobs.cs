using System.Collections.Concurrent;

namespace JobRunner.Benchmarks;

/// <summary>The jobs that are measured.</summary>
public static class BenchJobs
{
    static readonly ConcurrentQueue<double> _pickUps = new();
    static readonly ConcurrentQueue<double> _exclusive = new();
    static TaskCompletionSource<long> _touched = new();

    public static Task NoOpAsync() => Task.CompletedTask;

    public static void NoOp()
    {
    }

    /// <summary>Does nothing with an argument.</summary>
    public static Task TakeAsync(string payload) => Task.FromResult(payload.Length);

    /// <inheritdoc cref="TakeAsync"/>
    public static void Take(string payload) => ArgumentNullException.ThrowIfNull(payload);

    /// <summary>Returns its argument.</summary>
    public static Task<string> EchoAsync(string payload) => Task.FromResult(payload);

    /// <inheritdoc cref="EchoAsync"/>
    public static string Echo(string payload) => payload;

    public static Task WaitAsync(int milliseconds, CancellationToken cancellationToken) =>
        Task.Delay(TimeSpan.FromMilliseconds(milliseconds), TimeProvider.System, cancellationToken);

#pragma warning disable RS0030 // to block its thread is what this job is for
    public static void Block(int milliseconds) => Thread.Sleep(milliseconds);
#pragma warning restore RS0030

    /// <summary>Keeps a processor busy.</summary>
    public static void Burn(int milliseconds)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(started).TotalMilliseconds < milliseconds)
            Thread.SpinWait(100);
    }

    /// <summary>Tells when it began.</summary>
    public static Task TouchAsync()
    {
        var at = TimeProvider.System.GetTimestamp();
        Volatile.Read(ref _touched).TrySetResult(at);
        return Task.CompletedTask;
    }

    /// <summary>Notes how long ago it was enqueued.</summary>
    public static Task TellPickUpAsync(long enqueuedAt)
    {
        _pickUps.Enqueue(TimeProvider.System.GetElapsedTime(enqueuedAt).TotalMilliseconds);
        return Task.CompletedTask;
    }

    /// <summary>The same, with the resource to itself that the argument names.</summary>
    [DisableConcurrentExecution("exclusive-{0}", 600)]
    public static Task ExclusiveAsync(string resource, long enqueuedAt)
    {
        _exclusive.Enqueue(TimeProvider.System.GetElapsedTime(enqueuedAt).TotalMilliseconds);
        return Task.CompletedTask;
    }

    /// <summary>The same, with a resource that all calls share.</summary>
    [DisableConcurrentExecution("exclusive-one", 600)]
    public static Task ExclusiveAsync(long enqueuedAt) => ExclusiveAsync("", enqueuedAt);

    /// <summary>What <see cref="TellPickUpAsync"/> has noted, in milliseconds, oldest first.</summary>
    internal static IReadOnlyList<double> TakePickUps() => Take(_pickUps);

    /// <summary>The same of <see cref="ExclusiveAsync(string, long)"/>.</summary>
    internal static IReadOnlyList<double> TakeExclusive() => Take(_exclusive);

    static List<double> Take(ConcurrentQueue<double> noted)
    {
        var all = new List<double>();
        while (noted.TryDequeue(out var one))
            all.Add(one);
        return all;
    }

    /// <summary>The timestamp at which the next <see cref="TouchAsync"/> begins.</summary>
    internal static Task<long> NextTouch()
    {
        var next = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        Volatile.Write(ref _touched, next);
        return next.Task;
    }
}
