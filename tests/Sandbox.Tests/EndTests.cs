using System.Diagnostics;
using JobRunner.Sandbox.Tests.Jobs;

namespace JobRunner.Sandbox.Tests;

public sealed class EndTests : IAsyncLifetime
{
    readonly PoolHost _host = new(o =>
    {
        o.Maximum = 1;
        o.CancelGrace = TimeSpan.FromMilliseconds(300);
    });

    public Task InitializeAsync() => _host.Pool.StartAsync(default);

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Fact(Timeout = 30_000)]
    public async Task A_job_that_never_ends_is_killed_at_its_time_limit()
    {
        var began = Stopwatch.GetTimestamp();
        var end = await _host.EndOfAsync(_host.Call(() => TestJobs.Spin()) with { TimeLimit = TimeSpan.FromSeconds(1) });
        Stopwatch.GetElapsedTime(began).TotalSeconds.ShouldBeInRange(1, 1.5);
        end.Reason.ShouldBe(EndReason.TimeLimit);
        end.Exception.Message.ShouldBe("The job ran longer than its time limit of 1 s and was killed.");
        await _host.ShouldStillWorkAsync();
    }

    [Fact(Timeout = 30_000)]
    public Task A_stack_overflow_costs_one_job() =>
        CrashesAsync(_host.Call(() => TestJobs.Overflow(0)), "The job overflowed the stack (the sandbox ended with SIGABRT): Stack overflow.");

    [Theory(Timeout = 30_000)]
    [InlineData(0)]
    [InlineData(3)]
    public async Task An_exit_is_not_a_success(int code)
    {
        var told = $"The job called Environment.Exit: its sandbox ended with exit code {code} before the job returned a result.";
        await CrashesAsync(_host.Call(() => TestJobs.Exit(code)), told);
        await CrashesAsync(_host.Call(() => TestJobs.ExitAtOnce(code)), told);
    }

    [Fact(Timeout = 30_000)]
    public Task FailFast_is_told() =>
        CrashesAsync(_host.Call(() => TestJobs.FailFast()), "The job ended its process by Environment.FailFast (the sandbox ended with SIGABRT): Process terminated. this cannot go on");

    [Fact(Timeout = 30_000)]
    public Task An_exception_on_a_thread_is_told() => CrashesAsync(_host.Call(() => TestJobs.ThrowOnAThread()),
        "The job left an exception unhandled on a thread of its own (the sandbox ended with SIGABRT): Unhandled exception. System.InvalidOperationException: on a thread");

    [Fact(Timeout = 30_000)]
    public Task An_abort_is_told() =>
        CrashesAsync(_host.Call(() => TestJobs.Abort()), "The sandbox was killed by signal SIGABRT (6) while it ran the job.");

    [Fact(Timeout = 30_000)]
    public async Task A_kill_from_outside_is_told_and_the_sandbox_replaced()
    {
        var running = _host.EndOfAsync(_host.Call(() => TestJobs.Spin()));
        using (var process = Process.GetProcessById(await _host.BusyProcessAsync()))
            process.Kill();
        var end = await running;
        end.Reason.ShouldBe(EndReason.Crash);
        end.Exception.Message.ShouldBe("The sandbox was killed by signal SIGKILL (9) while it ran the job.");
        end.Exception.Details.ShouldContain("Exit code: 137");
        await _host.ShouldStillWorkAsync();
    }

    [Fact(Timeout = 30_000)]
    public async Task A_job_that_listens_ends_softly_and_its_sandbox_lives_on()
    {
        var before = await _host.Pool.RunAsync(() => TestJobs.ProcessId());
        (await _host.CancelWhileBusyAsync(_host.Call(() => TestJobs.WaitAsync(default)))).Reason.ShouldBe(EndReason.Cancelled);
        (await _host.Pool.RunAsync(() => TestJobs.ProcessId())).ShouldBe(before);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_job_that_uses_up_the_thread_pool_is_told_to_end_as_well()
    {
        var before = await _host.Pool.RunAsync(() => TestJobs.ProcessId());
        (await _host.CancelWhileBusyAsync(_host.Call(() => TestJobs.BlockThreadPool(default)))).Exception.Message.ShouldBe("The job was cancelled.");
        (await _host.Pool.RunAsync(() => TestJobs.ProcessId())).ShouldBe(before);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_job_that_does_not_listen_is_killed_after_the_grace()
    {
        var end = await _host.CancelWhileBusyAsync(_host.Call(() => TestJobs.Spin()));
        end.Reason.ShouldBe(EndReason.Cancelled);
        end.Exception.Message.ShouldContain("300 ms");
        await _host.ShouldStillWorkAsync();
    }

    [Fact(Timeout = 30_000)]
    public async Task A_call_cancelled_in_line_never_begins()
    {
        var blocking = _host.EndOfAsync(_host.Call(() => TestJobs.Spin()) with { TimeLimit = TimeSpan.FromSeconds(2) });
        await _host.BusyProcessAsync();
        using var cancellation = new CancellationTokenSource();
        var waiting = _host.EndOfAsync(_host.Call(() => TestJobs.Add(1, 1)), cancellation.Token);
        await cancellation.CancelAsync();
        (await waiting).Exception.Message.ShouldBe("The job was cancelled before it began.");
        blocking.IsCompleted.ShouldBeFalse();
        await blocking;
    }

    async Task CrashesAsync(SandboxCall call, string message)
    {
        var end = await _host.EndOfAsync(call);
        end.Exception.Message.ShouldBe(message, end.Exception.Details);
        end.Reason.ShouldBe(EndReason.Crash);
        end.Exception.Type.ShouldBe("JobRunner.JobFailedException");
        await _host.ShouldStillWorkAsync();
    }
}
