using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;

namespace JobRunner.Sandbox.Tests.Jobs;

public enum Bomb
{
    UnhandledException,
    StackOverflow,
    FailFast,
    Segfault,
    Abort,
    Exit0,
    Exit3,
    Kill,
    ManagedMemory,
    NativeMemory,
    Deadlock,
    Loop,
    Detach,
}

public enum Moment
{
    BeforeTheCall,
    DuringTheCall,
    WritingProgress,
    WritingTheResult,
}

/// <summary>Jobs that end their process, or never end, in each way and at each moment.</summary>
public static partial class Bombs
{
    /// <summary>Goes off while its argument is read, before the job's first line.</summary>
    public static void Before(BombArgument argument) => ArgumentNullException.ThrowIfNull(argument);

    public static void During(Bomb bomb) => GoOff(bomb);

    /// <summary>Goes off while another thread tells of progress without a pause.</summary>
    public static void InProgress(Bomb bomb, IJobContext context)
    {
        using var telling = new ManualResetEventSlim();
        new Thread(() => Tell(context, telling)) { IsBackground = true }.Start();
        telling.Wait();
        GoOff(bomb);
    }

    /// <summary>Goes off while its result is written, after some of it.</summary>
    public static BombResult InResult(Bomb bomb) => new(bomb);

    public static void GoOff(Bomb bomb)
    {
        Action goOff = bomb switch
        {
            Bomb.UnhandledException => TestJobs.ThrowOnAThread,
            Bomb.StackOverflow => () => TestJobs.Overflow(0),
            Bomb.FailFast => TestJobs.FailFast,
            Bomb.Segfault => () => LengthOf(8),
            Bomb.Abort => TestJobs.Abort,
            Bomb.Exit0 => () => TestJobs.Exit(0),
            Bomb.Exit3 => () => TestJobs.Exit(3),
            Bomb.Kill => KillMyself,
            Bomb.ManagedMemory => HungryJobs.HogManaged,
            Bomb.NativeMemory => HungryJobs.HogNative,
            Bomb.Deadlock => HungryJobs.Deadlock,
            Bomb.Loop => HungryJobs.Loop,
            _ => Detach,
        };
        goOff();
    }

    // A session of its own, no pipes of ours, and no parent that lives.
    static void Detach()
    {
        using (var detached = Process.Start("sh", ["-c", "setsid sleep 600 >/dev/null 2>&1 </dev/null &"]))
            detached.WaitForExit();
        TestJobs.ExitAtOnce(0);
    }

    static void KillMyself()
    {
        using var self = Process.GetCurrentProcess();
        self.Kill();
        TestJobs.Spin();
    }

    static void Tell(IJobContext context, ManualResetEventSlim telling)
    {
        for (var i = 0; ; i++)
        {
            context.ReportProgress(0.5, new string('x', 10_000));
            if (i == 3)
                telling.Set();
        }
    }

    [LibraryImport("libc", EntryPoint = "strlen")]
    private static partial nint LengthOf(nint text);
}

/// <summary>Goes off when it is read in a sandbox.</summary>
public sealed class BombArgument
{
    Bomb _bomb;

    public Bomb Bomb
    {
        get => _bomb;
        set
        {
            _bomb = value;
            if (Assembly.GetEntryAssembly() == typeof(ISandboxPool).Assembly)
                Bombs.GoOff(value);
        }
    }
}

/// <summary>Goes off when it is written.</summary>
public sealed class BombResult(Bomb bomb)
{
    public string First { get; } = new('x', 1_000_000);

    public string Second
    {
        get
        {
            // On a thread, because what a result throws while it is written does not fail its job.
            var thread = new Thread(() => Bombs.GoOff(bomb));
            thread.Start();
            thread.Join();
            return "";
        }
    }
}
