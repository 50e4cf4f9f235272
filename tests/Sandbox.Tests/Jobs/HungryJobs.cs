using System.Diagnostics;
using System.Runtime.InteropServices;

namespace JobRunner.Sandbox.Tests.Jobs;

/// <summary>Jobs that use more than they should.</summary>
public static class HungryJobs
{
    static readonly List<object> Kept = [];

    /// <summary>Takes managed memory until there is none.</summary>
    public static void HogManaged()
    {
        while (true)
            Kept.Add(new byte[1 << 20]);
    }

    /// <summary>Takes native memory until there is none, touching all of it.</summary>
    public static unsafe void HogNative()
    {
        while (true)
            new Span<byte>((void*)Marshal.AllocHGlobal(1 << 20), 1 << 20).Fill(1);
    }

    /// <summary>Takes so many megabytes, and returns how many the collector thinks there are.</summary>
    public static long Take(int megabytes)
    {
        var taken = new List<byte[]>();
        for (var i = 0; i < megabytes; i++)
            taken.Add(GC.AllocateUninitializedArray<byte>(1 << 20));
        GC.KeepAlive(taken);
        return GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >> 20;
    }

    /// <summary>Leaves so many native megabytes behind.</summary>
    public static unsafe void Leak(int megabytes) =>
        new Span<byte>((void*)Marshal.AllocHGlobal(megabytes << 20), megabytes << 20).Fill(1);

    /// <summary>Lets processes of its own take memory, each less than the job may have.</summary>
    public static void HogInGrandchildren()
    {
        foreach (var _ in Enumerable.Range(0, 3))
            using (Process.Start("sh", ["-c", "head -c 150000000 /dev/zero | tail; sleep 100"])) // tail keeps the last line, which has no end
                continue;
        TestJobs.Spin();
    }

    /// <summary>A loop that never ends, in managed code.</summary>
    public static void Loop()
    {
        for (var i = 0; i >= 0; i = (i + 1) & int.MaxValue)
            Volatile.Write(ref s_counter, i);
    }

    static int s_counter;

    /// <summary>Burns processor time on two threads.</summary>
    public static void SpinTwice()
    {
        new Thread(TestJobs.Spin) { IsBackground = true }.Start();
        TestJobs.Spin();
    }

    /// <summary>Lets a process of its own burn processor time.</summary>
    public static void SpinInAGrandchild()
    {
        using var spinner = Process.Start("sh", ["-c", "while :; do :; done"]);
        spinner.WaitForExit();
    }

    /// <summary>Ends at its token, after it has caught what that threw, with a failure of its own.</summary>
    public static async Task FailWhenToldAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
        }
        catch (OperationCanceledException e)
        {
            throw new InvalidOperationException("half done", e);
        }
    }

    /// <summary>Returns what it has by the time its token tells it to.</summary>
    public static async Task<string> ReturnWhenToldAsync(CancellationToken cancellationToken)
    {
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken).ContinueWith(_ => { }, TaskScheduler.Default);
        return "what there is";
    }

    /// <summary>Two locks in two orders.</summary>
    public static void Deadlock()
    {
        object first = new(), second = new();
        using var bothHaveOne = new Barrier(2);
        new Thread(() => TakeBoth(second, first, bothHaveOne)) { IsBackground = true }.Start();
        TakeBoth(first, second, bothHaveOne);
    }

    static void TakeBoth(object mine, object other, Barrier bothHaveOne)
    {
        lock (mine)
        {
            bothHaveOne.SignalAndWait();
            lock (other)
                Kept.Add(other);
        }
    }
}
