using System.Globalization;
using JobRunner.Sandbox.Tests.Jobs;
using JobRunner.TestSupport;

namespace JobRunner.Sandbox.Tests;

/// <summary>Many jobs, some of which crash or hang, in sandboxes that are replaced all the time.</summary>
public sealed class StormTests
{
    const int Size = 2;

    // 10,000 take some minutes; SANDBOX_STORM=10000 runs them.
    static readonly int Jobs = int.Parse(Environment.GetEnvironmentVariable("SANDBOX_STORM") ?? "500", CultureInfo.InvariantCulture);

    [Fact(Timeout = 1_800_000)]
    public async Task Each_job_has_one_outcome_and_the_host_stays_as_it_was()
    {
        await using var host = new PoolHost(o => (o.Minimum, o.Maximum, o.RecycleAfterJobs) = (Size, Size, 50));
        await RunAsync(host, Jobs / 10); // what grows at first has grown then
        var (descriptors, memory) = (Descriptors(), Memory());
        await RunAsync(host, Jobs);
        await RestAsync(host);
        await Eventually.HoldsAsync(() => Descriptors() <= descriptors + 4, TimeSpan.FromSeconds(30));
        (Memory() - memory).ShouldBeLessThan(64L << 20);
    }

    static async Task RunAsync(PoolHost host, int jobs)
    {
        var random = new Random(1);
        var kinds = Enumerable.Range(0, jobs).Select(_ => random.NextDouble() switch { < 0.05 => 'c', < 0.07 => 'h', _ => 'r' }).ToList();
        var ends = new SandboxEnd?[jobs];
        var next = -1;
        await Task.WhenAll(Enumerable.Range(0, Size * 2).Select(async _ =>
        {
            for (int i; (i = Interlocked.Increment(ref next)) < jobs;)
                ends[i] = await host.Pool.RunAsync(Call(host, kinds[i], i), default);
        }));
        foreach (var (i, end) in ends.Index())
            Describe(end).ShouldBe(kinds[i] switch { 'c' => "Crash", 'h' => "TimeLimit", _ => $"{i + 1}" });
    }

    static SandboxCall Call(PoolHost host, char kind, int i) => kind switch
    {
        'c' => host.Call(() => Bombs.During((Bomb)(i % 8))),
        'h' => host.Call(() => HungryJobs.Loop()) with { TimeLimit = TimeSpan.FromMilliseconds(100) },
        _ => host.Call(() => TestJobs.Add(i, 1)),
    };

    static string? Describe(SandboxEnd? end) => end is SandboxEnd.Ended ended ? $"{ended.Reason}" : ((SandboxEnd.Returned)end!).Result;

    static Task RestAsync(PoolHost host) => Eventually.HoldsAsync(
        () => host.Pool.Sandboxes.Count(sandbox => sandbox.State == SandboxState.Idle) == Size, TimeSpan.FromSeconds(30));

    static int Descriptors() => Directory.GetFiles("/proc/self/fd").Length;

    static long Memory()
    {
        GC.Collect();
        return Environment.WorkingSet;
    }
}
