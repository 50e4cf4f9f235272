using System.Diagnostics;
using JobRunner.Sandbox.Tests.Jobs;

namespace JobRunner.Sandbox.Tests;

/// <summary>The limits of a job, and what is told when it reaches one.</summary>
public sealed class LimitTests : IAsyncLifetime
{
    readonly PoolHost _host = new(o => o.Maximum = 1);

    public Task InitializeAsync() => _host.Pool.StartAsync(default);

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Fact(Timeout = 30_000)]
    public async Task A_job_at_its_time_limit_ends_within_a_quarter_of_a_second_and_its_stacks_are_told()
    {
        SandboxEnd.Ended end;
        var tries = 0;
        do
        {
            end = await _host.EndOfAsync(_host.Call(() => HungryJobs.Loop()) with { TimeLimit = TimeSpan.FromSeconds(2) });
            end.Reason.ShouldBe(EndReason.TimeLimit);
            end.ExitCode.ShouldBe(137);
        }
        while (!IsAsPromised(end) && ++tries < 4); // a machine that is busy with other things may be late now and then
        end.Exception.Details.ShouldContain("Where its threads were:\nThread ");
        end.Exception.Details.ShouldContain("at JobRunner.Sandbox.Tests.Jobs.HungryJobs.Loop()", customMessage: end.Exception.Details);
        end.Use!.Elapsed.TotalSeconds.ShouldBeInRange(2, 2.25, end.Exception.Details);
        await _host.ShouldStillWorkAsync();
    }

    static bool IsAsPromised(SandboxEnd.Ended end) =>
        end.Use!.Elapsed.TotalSeconds < 2.25 && end.Exception.Details.Contains("HungryJobs.Loop()", StringComparison.Ordinal);

    [Fact(Timeout = 30_000)]
    public async Task The_stacks_of_a_deadlock_show_both_threads()
    {
        var end = await _host.EndOfAsync(_host.Call(() => HungryJobs.Deadlock()) with { TimeLimit = TimeSpan.FromSeconds(2) });
        end.Reason.ShouldBe(EndReason.TimeLimit);
        end.Exception.Details.Split("TakeBoth(").Length.ShouldBe(3, end.Exception.Details);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_job_that_listens_ends_at_its_time_limit_and_its_sandbox_lives_on()
    {
        var before = await _host.Pool.RunAsync(() => TestJobs.ProcessId());
        await using var patient = new PoolHost(o => o.TimeLimitGrace = TimeSpan.FromSeconds(20));
        before = await patient.Pool.RunAsync(() => TestJobs.ProcessId());
        var end = await patient.EndOfAsync(patient.Call(() => TestJobs.WaitAsync(default)) with { TimeLimit = TimeSpan.FromMilliseconds(200) });
        end.Reason.ShouldBe(EndReason.TimeLimit);
        end.Exception.Message.ShouldBe("The job ran longer than its time limit of 200 ms and ended when it was told so.");
        end = await patient.EndOfAsync(patient.Call(() => HungryJobs.FailWhenToldAsync(default)) with { TimeLimit = TimeSpan.FromMilliseconds(200) });
        end.Reason.ShouldBe(EndReason.TimeLimit);
        end.Exception.Details.ShouldContain("System.InvalidOperationException: half done");
        var late = await patient.Pool.RunAsync(patient.Call(() => HungryJobs.ReturnWhenToldAsync(default)) with { TimeLimit = TimeSpan.FromMilliseconds(200) }, default);
        late.ShouldBe(new SandboxEnd.Returned("\"what there is\""));
        (await patient.Pool.RunAsync(() => TestJobs.ProcessId())).ShouldBe(before);
    }

    [Fact(Timeout = 30_000)]
    public Task A_managed_hog_is_ended() => EndsAtMemoryAsync(_host.Call(() => HungryJobs.HogManaged()));

    [Fact(Timeout = 30_000)]
    public Task A_native_hog_is_ended() => EndsAtMemoryAsync(_host.Call(() => HungryJobs.HogNative()));

    [Fact(Timeout = 30_000)]
    public Task What_a_job_starts_counts_as_its_memory() => EndsAtMemoryAsync(_host.Call(() => HungryJobs.HogInGrandchildren()), mostMb: 700);

    [Fact(Timeout = 30_000)]
    public async Task A_limit_of_one_job_is_not_that_of_the_next()
    {
        var process = await _host.Pool.RunAsync(() => TestJobs.ProcessId());
        (await TakeAsync(100, limit: 256)).ShouldBe(256 - 48);
        (await TakeAsync(300, limit: 600)).ShouldBe(600 - 48);
        (await TakeAsync(20, limit: 128)).ShouldBe(128 - 48);
        (await TakeAsync(500, limit: 0)).ShouldBeGreaterThan(600);
        (await TakeAsync(100, limit: 256)).ShouldBe(256 - 48);
        (await _host.Pool.RunAsync(() => TestJobs.ProcessId())).ShouldBe(process);
    }

    [Fact(Timeout = 30_000)]
    public async Task What_a_job_left_behind_is_not_the_next_ones_fault()
    {
        await _host.Pool.RunAsync(_host.Call(() => HungryJobs.Leak(400)) with { MemoryLimitMb = 1000 }, default);
        for (var i = 0; i < 20; i++)
            (await TakeAsync(20, limit: 256)).ShouldBe(256 - 48);
    }

    [Theory(Timeout = 30_000)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_job_is_ended_at_its_budget_of_processor_time(bool inGrandchild)
    {
        var call = inGrandchild ? _host.Call(() => HungryJobs.SpinInAGrandchild()) : _host.Call(() => HungryJobs.SpinTwice());
        var end = await _host.EndOfAsync(call with { CpuTimeLimit = TimeSpan.FromSeconds(1) });
        end.Reason.ShouldBe(EndReason.CpuTimeLimit);
        end.Exception.Message.ShouldEndWith("of processor time, more than its limit of 1 s, and was killed.");
        end.Use!.Cpu.TotalSeconds.ShouldBeInRange(1, 2.5);
        await _host.ShouldStillWorkAsync();
    }

    [Fact(Timeout = 30_000)]
    public async Task The_kernel_ends_a_spin_if_the_watchdog_does_not()
    {
        using var process = Process.GetProcessById(await _host.Pool.RunAsync(() => TestJobs.ProcessId()));
        var running = _host.EndOfAsync(_host.Call(() => HungryJobs.SpinTwice()));
        Libc.SetSoftLimit(await _host.BusyProcessAsync(), Libc.RlimitCpu, 1);
        var end = await running;
        end.Reason.ShouldBe(EndReason.CpuTimeLimit, end.Exception.Details);
        end.ExitCode.ShouldBe(152);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_job_that_ran_out_of_memory_may_have_a_second_run_with_more()
    {
        await using var host = new PoolHost(o => (o.MemoryLimitMb, o.MemoryRetryFactor) = (200, 3));
        (await host.Pool.RunAsync(host.Call(() => HungryJobs.Take(300)), default)).ShouldBe(new SandboxEnd.Returned($"{600 - 48}"));
    }

    [Fact(Timeout = 30_000)]
    public async Task Rules_give_limits_to_some_jobs_and_what_a_call_says_goes_before()
    {
        await using var host = new PoolHost(o => o.Rules.Add(new LimitRule { Method = "*.HungryJobs.Take", MemoryLimitMb = 300 }));
        (await host.Pool.RunAsync(() => HungryJobs.Take(1))).ShouldBe(300 - 48);
        (await host.Pool.RunAsync(host.Call(() => HungryJobs.Take(1)) with { MemoryLimitMb = 400 }, default))
            .ShouldBe(new SandboxEnd.Returned($"{400 - 48}"));
    }

    [Theory]
    [InlineData("q", null, true)]
    [InlineData("other", null, false)]
    [InlineData(null, "Shop.Reports.*", true)]
    [InlineData(null, "*.Build", true)]
    [InlineData("q", "Shop.Mail.*", false)]
    public void A_rule_fits_by_queue_and_method(string? queue, string? method, bool fits) =>
        new LimitRule { Queue = queue, Method = method }
            .Fits(new SandboxCall(new Invocation("Shop.Reports, Shop, Version=1.0.0.0", "Build", [], [])) { Queue = "q" }).ShouldBe(fits);

    async Task<long> TakeAsync(int megabytes, int limit)
    {
        var end = await _host.Pool.RunAsync(_host.Call(() => HungryJobs.Take(megabytes)) with { MemoryLimitMb = limit }, default);
        return long.Parse(end.ShouldBeOfType<SandboxEnd.Returned>().Result!);
    }

    async Task EndsAtMemoryAsync(SandboxCall call, int mostMb = 450)
    {
        var before = Process.GetCurrentProcess().WorkingSet64;
        var end = await _host.EndOfAsync(call with { MemoryLimitMb = 256, TimeLimit = TimeSpan.FromSeconds(20) });
        end.Reason.ShouldBe(EndReason.MemoryLimit, end.Exception.Details);
        end.Use!.PeakMemory.ShouldBeLessThan(mostMb * 1024L * 1024);
        (Process.GetCurrentProcess().WorkingSet64 - before).ShouldBeLessThan(64L << 20);
        await _host.ShouldStillWorkAsync();
    }
}
