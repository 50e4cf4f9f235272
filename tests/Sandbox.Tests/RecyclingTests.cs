using JobRunner.Sandbox.Tests.Jobs;

namespace JobRunner.Sandbox.Tests;

/// <summary>Sandboxes are replaced before they grow old.</summary>
public sealed class RecyclingTests
{
    [Fact(Timeout = 30_000)]
    public async Task A_sandbox_is_replaced_after_so_many_jobs()
    {
        await using var host = new PoolHost(o => (o.Maximum, o.RecycleAfterJobs) = (1, 3));
        var processes = new List<int>();
        for (var i = 0; i < 9; i++)
            processes.Add(await host.Pool.RunAsync(() => TestJobs.ProcessId()));
        processes.Distinct().Count().ShouldBe(3);
        processes.ShouldBe(processes.Order().ToList(), "each lives for three jobs in a row");
    }

    [Fact(Timeout = 30_000)]
    public async Task A_sandbox_is_replaced_at_an_age_also_when_it_has_nothing_to_do()
    {
        await using var host = new PoolHost(o => (o.Maximum, o.RecycleAfter, o.IdleTimeout) = (1, TimeSpan.FromMilliseconds(300), TimeSpan.FromMilliseconds(200)));
        var before = await host.Pool.RunAsync(() => TestJobs.ProcessId());
        while (host.Pool.Sandboxes is not [{ State: SandboxState.Idle } sandbox] || sandbox.ProcessId == before)
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_sandbox_that_leaks_is_replaced()
    {
        await using var host = new PoolHost(o => (o.Maximum, o.RecycleAboveMb) = (1, 150));
        var before = await host.Pool.RunAsync(() => TestJobs.ProcessId());
        await host.Pool.RunAsync(() => HungryJobs.Leak(50));
        (await host.Pool.RunAsync(() => TestJobs.ProcessId())).ShouldBe(before);
        await host.Pool.RunAsync(() => HungryJobs.Leak(150));
        while (await host.Pool.RunAsync(() => TestJobs.ProcessId()) == before) // it is seen within a tenth of a second
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
    }
}
