using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;

namespace JobRunner.Chaos.Jobs;

/// <summary>Jobs of all lanes. The first argument of each is its key, which the driver chose.</summary>
[Retry(Attempts = 20, DelaysInSeconds = [1])]
public static class ChaosJobs
{
    public static async Task WaitAsync(int key, int milliseconds, IJobContext context, CancellationToken cancellationToken)
    {
        using var run = Ledger.Begin(key, context);
        await Task.Delay(TimeSpan.FromMilliseconds(milliseconds), TimeProvider.System, cancellationToken);
        run.End();
    }

    /// <summary>Runs in a sandbox.</summary>
    public static int Compute(int key, int milliseconds, IJobContext context)
    {
        using var run = Ledger.Begin(key, context);
        var began = Stopwatch.GetTimestamp();
        var rounds = 0;
        while (Stopwatch.GetElapsedTime(began).TotalMilliseconds < milliseconds)
            rounds++;
        run.End();
        return rounds;
    }

    [InProcess]
    public static void Block(int key, int milliseconds, IJobContext context, CancellationToken cancellationToken)
    {
        using var run = Ledger.Begin(key, context);
        cancellationToken.WaitHandle.WaitOne(milliseconds);
        cancellationToken.ThrowIfCancellationRequested();
        run.End();
    }

    public static async Task FailAtFirstAsync(int key, int times, IJobContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        using var run = Ledger.Begin(key, context);
        await Task.Yield();
        if (context.Attempt <= times)
        {
            run.Fail();
            throw new InvalidOperationException($"attempt {context.Attempt} of {times} that fail");
        }

        run.End();
    }

    [Retry(Attempts = 0)]
    public static async Task FailForGoodAsync(int key, IJobContext context)
    {
        using var run = Ledger.Begin(key, context);
        await Task.Yield();
        run.Fail();
        throw new InvalidOperationException("as it was asked to");
    }

    [DisableConcurrentExecution("chaos-{1}", 3600)]
    public static async Task AloneAsync(int key, int resource, int milliseconds, IJobContext context, CancellationToken cancellationToken)
    {
        using var run = Ledger.Begin(key, context);
        await Task.Delay(TimeSpan.FromMilliseconds(milliseconds), TimeProvider.System, cancellationToken);
        run.End();
    }

    [AtMostOnce]
    public static async Task OnceAsync(int key, int milliseconds, IJobContext context, CancellationToken cancellationToken)
    {
        using var run = Ledger.Begin(key, context);
        await Task.Delay(TimeSpan.FromMilliseconds(milliseconds), TimeProvider.System, cancellationToken);
        run.End();
    }

    public static async Task TickAsync(int key, IJobContext context)
    {
        using var run = Ledger.Begin(key, context);
        await Task.Yield();
        run.End();
    }

    /// <summary>Takes its worker down each time.</summary>
    [Retry(Attempts = 0)]
    public static async Task KillWorkerAsync(int key, int how, IJobContext context)
    {
        using var run = Ledger.Begin(key, context);
        await Task.Yield();
        if (how == 0)
            Environment.FailFast("chaos");
        Overflow(0);
    }

    /// <summary>Ends with what cannot be stored, or read.</summary>
    [Retry(Attempts = 0)]
    public static async Task<string> EndOddlyAsync(int key, int how, IJobContext context)
    {
        using var run = Ledger.Begin(key, context);
        await Task.Yield();
        if (how > 1)
        {
            run.Fail();
            throw new OddException(how);
        }

        run.End();
        return how == 0 ? "zero \0 and more" : "lone \ud800 and more";
    }

    static int Overflow(int depth) => Overflow(depth + 1) + depth;

    [SuppressMessage("Design", "CA1065", Justification = "That is what is odd about it.")]
    sealed class OddException(int how) : Exception
    {
        public override string Message => how == 2 ? null! : throw new InvalidOperationException("not even this");
    }
}
