using System.Diagnostics;
using JobRunner.Sandbox.Tests.Jobs;
using JobRunner.TestSupport;
using Microsoft.Extensions.Options;

namespace JobRunner.Sandbox.Tests;

public sealed class PoolTests
{
    [Fact(Timeout = 60_000)]
    public async Task No_more_sandboxes_than_the_maximum_serve_any_number_of_callers()
    {
        await using var host = new PoolHost(o => o.Maximum = 2);
        var results = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => host.Pool.RunAsync(() => TestJobs.Add(i, 1))));
        results.ShouldBe(Enumerable.Range(1, 200));
        host.Pool.Sandboxes.Count.ShouldBe(2);
        host.Pool.Sandboxes.Sum(sandbox => sandbox.JobsRun).ShouldBe(200);
    }

    [Fact(Timeout = 60_000)]
    public async Task Sandboxes_that_die_in_a_crowd_are_replaced_and_nobody_waits_for_ever()
    {
        await using var host = new PoolHost(o => o.Maximum = 2);
        var ends = await Task.WhenAll(Enumerable.Range(0, 24).Select(i =>
            i % 6 == 0 ? host.RunAsync(() => TestJobs.ExitAtOnce(1)) : host.RunAsync(() => TestJobs.Add(i, 0))));
        ends.OfType<SandboxEnd.Ended>().Count().ShouldBe(4);
        ends.OfType<SandboxEnd.Returned>().Count().ShouldBe(20);
        host.Pool.Sandboxes.Count.ShouldBeLessThanOrEqualTo(2);
    }

    [Fact(Timeout = 60_000)]
    public async Task Sandboxes_killed_at_any_moment_cost_at_most_the_job_they_ran()
    {
        await using var host = new PoolHost(o => (o.Minimum, o.Maximum) = (2, 2));
        await host.Pool.StartAsync(default);
        using var stop = new CancellationTokenSource();
        var kills = KillAtRandomAsync(host, 12, stop);
        var ends = new List<SandboxEnd>();
        while (!stop.IsCancellationRequested)
            ends.AddRange(await Task.WhenAll(host.RunAsync(() => TestJobs.Nothing()), host.RunAsync(() => TestJobs.Nothing()), host.RunAsync(() => TestJobs.Nothing())));
        await kills;
        var ended = ends.OfType<SandboxEnd.Ended>().ToList();
        ended.Count.ShouldBeLessThanOrEqualTo(12);
        ended.ShouldAllBe(end => end.Exception.Message == "The sandbox was killed by signal SIGKILL (9) while it ran the job.");
        await Eventually.HoldsAsync(async () => await host.RunAsync(() => TestJobs.Nothing()) is SandboxEnd.Returned); // the last kill may still be under way
        await host.ShouldStillWorkAsync();
    }

    [Fact(Timeout = 30_000)]
    public async Task A_sandbox_that_dies_idle_is_replaced()
    {
        await using var host = new PoolHost();
        await host.Pool.StartAsync(default);
        var process = host.Pool.Sandboxes.Single().ProcessId;
        Process.GetProcessById(process).Kill();
        while (host.Pool.Sandboxes is not [{ State: SandboxState.Idle } sandbox] || sandbox.ProcessId == process)
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
    }

    [Fact(Timeout = 30_000)]
    public async Task Callers_in_line_are_served_in_order()
    {
        await using var host = new PoolHost(o => o.Maximum = 1);
        await host.Pool.StartAsync(default);
        var order = new List<int>();
        var blocking = host.EndOfAsync(host.Call(() => TestJobs.Spin()) with { TimeLimit = TimeSpan.FromMilliseconds(300) });
        await Task.WhenAll(Enumerable.Range(0, 10).Select(async i =>
        {
            await host.Pool.RunAsync(host.Call(() => TestJobs.Say(i.ToString(), 1)) with { Observer = new Numbers(order) }, default);
        }));
        await blocking;
        order.ShouldBe(Enumerable.Range(0, 10));
    }

    [Fact(Timeout = 30_000)]
    public async Task Start_warms_the_minimum()
    {
        await using var host = new PoolHost(o => o.Minimum = 2);
        await host.Pool.StartAsync(default);
        host.Pool.Sandboxes.Count(sandbox => sandbox.State == SandboxState.Idle).ShouldBe(2);
    }

    [Fact(Timeout = 30_000)]
    public async Task Sandboxes_above_the_minimum_end_when_they_are_idle()
    {
        await using var host = new PoolHost(o => (o.Minimum, o.IdleTimeout) = (1, TimeSpan.FromMilliseconds(200)));
        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => host.Pool.RunAsync(() => TestJobs.Add(i, 1))));
        while (host.Pool.Sandboxes.Count > 1)
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        await host.ShouldStillWorkAsync();
    }

    [Fact(Timeout = 30_000)]
    public async Task Dispose_ends_running_and_waiting_jobs_and_leaves_no_process()
    {
        var host = new PoolHost(o => o.Maximum = 1);
        await host.Pool.StartAsync(default);
        var running = host.EndOfAsync(host.Call(() => TestJobs.Spin()));
        var process = await host.BusyProcessAsync();
        var waiting = host.EndOfAsync(host.Call(() => TestJobs.Nothing()));
        await host.DisposeAsync();
        (await running).Reason.ShouldBe(EndReason.Shutdown);
        (await waiting).Reason.ShouldBe(EndReason.Shutdown);
        (await host.EndOfAsync(host.Call(() => TestJobs.Nothing()))).Reason.ShouldBe(EndReason.Shutdown);
        PoolHost.Exists(process).ShouldBeFalse();
    }

    [Fact(Timeout = 30_000)]
    public async Task Dispose_while_sandboxes_start_leaves_no_process()
    {
        for (var i = 0; i < 10; i++)
        {
            var host = new PoolHost(o => o.Minimum = 2);
            var started = host.Pool.StartAsync(default);
            await Task.Delay(TimeSpan.FromMilliseconds(i * 15), TimeProvider.System);
            await host.DisposeAsync();
            await started.ContinueWith(_ => { }, TaskScheduler.Default);
        }

        Children().ShouldBeEmpty();
    }

    [Fact(Timeout = 30_000)]
    public async Task A_sandbox_that_cannot_start_fails_the_call_with_the_reason()
    {
        await using var host = new PoolHost(o => (o.Minimum, o.Environment["DOTNET_gcServer"], o.Environment["DOTNET_GCHeapHardLimit"]) = (0, "0", "1"));
        for (var i = 0; i < 2; i++)
        {
            var end = await host.EndOfAsync(host.Call(() => TestJobs.Nothing()));
            end.Reason.ShouldBe(EndReason.Crash);
            end.Exception.Message.ShouldStartWith("A sandbox could not be started: it ended before it was ready\nExit code: ");
            end.Exception.Message.ShouldContain("GC heap initialization failed");
        }
    }

    [Fact(Timeout = 30_000)]
    public async Task A_sandbox_that_is_too_slow_to_start_fails_the_call_with_the_reason()
    {
        await using var host = new PoolHost(o => (o.Minimum, o.StartTimeout) = (0, TimeSpan.FromMilliseconds(1)));
        var end = await host.EndOfAsync(host.Call(() => TestJobs.Nothing()));
        end.Exception.Message.ShouldContain("it was not ready within 0 s (JobRunner:Sandbox:StartTimeout)");
    }

    [Theory]
    [InlineData(-1, 1, "JobRunner:Sandbox:Minimum is -1: it must not be negative.")]
    [InlineData(0, 0, "JobRunner:Sandbox:Maximum is 0: it must be at least 1.")]
    [InlineData(3, 2, "JobRunner:Sandbox:Minimum is 3: it must not be above Maximum, which is 2.")]
    public void Wrong_options_are_named(int minimum, int maximum, string message) =>
        Should.Throw<OptionsValidationException>(() => new PoolHost(o => (o.Minimum, o.Maximum) = (minimum, maximum))).Failures.ShouldBe([message]);

    static async Task KillAtRandomAsync(PoolHost host, int times, CancellationTokenSource stop)
    {
        for (var i = 0; i < times; i++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.Next(150)), TimeProvider.System);
            if (host.Pool.Sandboxes.FirstOrDefault(sandbox => sandbox.State != SandboxState.Starting) is { } victim)
                Libc.Kill(victim.ProcessId, Libc.SigKill);
        }

        await stop.CancelAsync();
    }

    static IEnumerable<string> Children() => Directory.GetDirectories("/proc")
        .Where(directory => int.TryParse(Path.GetFileName(directory), out _))
        .Select(CommandLine)
        .Where(text => text.Contains($"--parent {Environment.ProcessId}", StringComparison.Ordinal));

    static string CommandLine(string directory)
    {
        try
        {
            return File.ReadAllText($"{directory}/cmdline").Replace('\0', ' ');
        }
        catch (IOException)
        {
            return "";
        }
    }

    sealed class Numbers(List<int> order) : ISandboxObserver
    {
        public void OnLog(Microsoft.Extensions.Logging.LogLevel level, string message)
        {
            lock (order)
                order.Add(int.Parse(message));
        }

        public void OnProgress(double fraction, string? message)
        {
        }
    }
}
