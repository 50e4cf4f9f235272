using JobRunner.Sandbox.Tests.Jobs;
using JobRunner.TestSupport;

namespace JobRunner.Sandbox.Tests;

/// <summary>Each way to end at each moment: the right reason is told, the next job runs, and nothing is left over.</summary>
public sealed class CrashMatrixTests(CrashMatrixTests.Matrix matrix) : IClassFixture<CrashMatrixTests.Matrix>
{
    const int Size = 4;

    public static TheoryData<Bomb> All => [.. Enum.GetValues<Bomb>()];

    [Theory(Timeout = 60_000)]
    [MemberData(nameof(All))]
    public async Task Ends_with_its_reason_at_every_moment_and_leaves_nothing_behind(Bomb bomb)
    {
        var descriptors = await matrix.RestAsync();
        var ends = await Task.WhenAll(Enum.GetValues<Moment>().Select(moment => matrix.Host.EndOfAsync(Call(bomb, moment))));
        foreach (var end in ends)
            end.Reason.ShouldBe(ReasonOf(bomb), end.Exception.Details);
        foreach (var end in ends.Where(_ => Told(bomb) is not null))
            end.Exception.Message.ShouldContain(Told(bomb)!);
        await matrix.Host.ShouldStillWorkAsync();
        await Eventually.HoldsAsync(async () => await matrix.RestAsync() <= descriptors + 2, TimeSpan.FromSeconds(30));
    }

    SandboxCall Call(Bomb bomb, Moment moment) => (moment switch
    {
        Moment.BeforeTheCall => matrix.Host.Call(() => Bombs.Before(new BombArgument { Bomb = bomb })),
        Moment.DuringTheCall => matrix.Host.Call(() => Bombs.During(bomb)),
        Moment.WritingProgress => matrix.Host.Call(() => Bombs.InProgress(bomb, null!)),
        _ => matrix.Host.Call(() => Bombs.InResult(bomb)),
    }) with { MemoryLimitMb = 192, TimeLimit = TimeSpan.FromSeconds(bomb is Bomb.Deadlock or Bomb.Loop ? 0.6 : 50) };

    static EndReason ReasonOf(Bomb bomb) => bomb switch
    {
        Bomb.ManagedMemory or Bomb.NativeMemory => EndReason.MemoryLimit,
        Bomb.Deadlock or Bomb.Loop => EndReason.TimeLimit,
        _ => EndReason.Crash,
    };

    static string? Told(Bomb bomb) => bomb switch
    {
        Bomb.UnhandledException => "System.InvalidOperationException: on a thread",
        Bomb.StackOverflow => "The job overflowed the stack",
        Bomb.FailFast => "this cannot go on",
        Bomb.Segfault => "SIG",
        Bomb.Abort => "signal SIGABRT (6)",
        Bomb.Exit0 => "exit code 0",
        Bomb.Exit3 => "exit code 3",
        Bomb.Kill => "signal SIGKILL (9)",
        Bomb.Deadlock or Bomb.Loop => "its time limit of 600 ms and was killed",
        _ => null,
    };

    /// <summary>One pool for all of them, which has its whole size again after each.</summary>
    public sealed class Matrix : IAsyncLifetime
    {
        internal PoolHost Host { get; } = new(o => o.Minimum = o.Maximum = Size);

        // What grows with the first crash in a process has grown then.
        public async Task InitializeAsync()
        {
            await Host.Pool.StartAsync(default);
            await Task.WhenAll(Enumerable.Range(0, Size).Select(_ => Host.RunAsync(() => TestJobs.ExitAtOnce(1))));
        }

        public async Task DisposeAsync() => await Host.DisposeAsync();

        /// <summary>Waits until the pool is whole and nothing else is there; returns how many descriptors are open then.</summary>
        internal async Task<int> RestAsync()
        {
            await Eventually.HoldsAsync(() => Host.Pool.Sandboxes.Count(sandbox => sandbox.State == SandboxState.Idle) == Size, TimeSpan.FromSeconds(30));
            await Eventually.HoldsAsync(() => Leftovers().Count == 0, TimeSpan.FromSeconds(30));
            return Directory.GetFiles("/proc/self/fd").Length;
        }

        // Whatever has the mark of this process's sandboxes, zombies excepted: those have no environment any more.
        List<string> Leftovers() => ProcessList.WithVariable($"{SandboxMark.Variable}={Environment.ProcessId}-")
            .Except(Host.Pool.Sandboxes.Select(sandbox => sandbox.ProcessId)).Select(ProcessList.Describe).ToList();
    }
}
