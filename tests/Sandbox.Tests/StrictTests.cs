using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using JobRunner.Sandbox.Tests.Jobs;
using JobRunner.TestSupport;

namespace JobRunner.Sandbox.Tests;

/// <summary>Sandboxes with a network and processes of their own: what a job cannot do, and that all else is as ever.</summary>
public sealed class StrictTests : IAsyncLifetime
{
    readonly Lazy<PoolHost> _lazy = new(() => new(o => (o.Maximum, o.Strict, o.CancelGrace) = (1, true, TimeSpan.FromMilliseconds(300))));

    PoolHost Host => _lazy.Value;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (_lazy.IsValueCreated)
            await Host.DisposeAsync();
    }

    [StrictFact]
    public async Task A_job_has_no_network()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        (await Host.Pool.RunAsync(() => StrictJobs.Connect(port))).ShouldBe(nameof(SocketError.NetworkUnreachable));
        await using var open = new PoolHost();
        (await open.Pool.RunAsync(() => StrictJobs.Connect(port))).ShouldBe("connected");
    }

    [StrictFact]
    public async Task A_job_sees_only_its_own_processes_and_can_signal_no_other()
    {
        var seen = (await Host.Pool.RunAsync(() => StrictJobs.Processes()))!;
        seen.Count.ShouldBe(2, string.Join('\n', seen)); // the shell that collects orphans, and itself
        var host = Environment.ProcessId;
        (await Host.Pool.RunAsync(() => StrictJobs.Signal(host)))!.ShouldContain("refused");
        (await Host.Pool.RunAsync(() => StrictJobs.Privileges()))!.ShouldContain("CapEff:\t0000000000000000");
        (await Host.Pool.RunAsync(() => StrictJobs.Privileges()))!.ShouldContain("NoNewPrivs:\t1");
    }

    [StrictFact]
    public async Task Calls_and_cancellation_work()
    {
        var process = await Host.Pool.RunAsync(() => TestJobs.ProcessId());
        (await Host.CancelWhileBusyAsync(Host.Call(() => TestJobs.WaitAsync(default)))).Reason.ShouldBe(EndReason.Cancelled);
        (await Host.Pool.RunAsync(() => TestJobs.ProcessId())).ShouldBe(process);
        (await Host.CancelWhileBusyAsync(Host.Call(() => TestJobs.Spin()))).Exception.Message.ShouldContain("300 ms");
        await Host.ShouldStillWorkAsync();
    }

    [StrictFact]
    public async Task Limits_hold_and_ends_are_told_as_ever()
    {
        await Host.ShouldStillWorkAsync();
        var end = await LoopAsync();
        for (var tries = 0; tries < 4 && !end.Exception.Details.Contains("HungryJobs.Loop()", StringComparison.Ordinal); tries++)
            end = await LoopAsync(); // a machine that is busy with other things may be late now and then
        (end.Reason, end.ExitCode).ShouldBe((EndReason.TimeLimit, 137));
        end.Exception.Details.ShouldContain("HungryJobs.Loop()");
        end.Exception.Details.ShouldNotContain("Standard error"); // nobody but the job writes there
        end = await Host.EndOfAsync(Host.Call(() => HungryJobs.HogNative()) with { MemoryLimitMb = 256 });
        end.Reason.ShouldBe(EndReason.MemoryLimit, end.Exception.Details);
        end = await Host.EndOfAsync(Host.Call(() => HungryJobs.SpinTwice()) with { CpuTimeLimit = TimeSpan.FromSeconds(1) });
        end.Reason.ShouldBe(EndReason.CpuTimeLimit, end.Exception.Details);
        end = await Host.EndOfAsync(Host.Call(() => TestJobs.Abort()));
        end.Exception.Message.ShouldBe("The sandbox was killed by signal SIGABRT (6) while it ran the job.");
        end = await Host.EndOfAsync(Host.Call(() => TestJobs.FailFast()));
        end.Exception.Message.ShouldContain("this cannot go on");
        end = await Host.EndOfAsync(Host.Call(() => TestJobs.ExitAtOnce(3)));
        end.Exception.Message.ShouldContain("exit code 3");
        await Host.ShouldStillWorkAsync();
    }

    Task<SandboxEnd.Ended> LoopAsync() => Host.EndOfAsync(Host.Call(() => HungryJobs.Loop()) with { TimeLimit = TimeSpan.FromSeconds(2) });

    [StrictFact]
    public async Task Nobody_outlives_his_sandbox_whatever_he_does_to_hide()
    {
        var name = $"6{Environment.ProcessId}"; // seconds to sleep, and what finds it
        await Host.Pool.RunAsync(() => StrictJobs.DetachWithoutTrace(name));
        await Eventually.HoldsAsync(() => ProcessList.Count($"sleep {name}") == 1);
        await Host.EndOfAsync(Host.Call(() => TestJobs.ExitAtOnce(0)));
        ProcessList.Count($"sleep {name}").ShouldBe(0);
    }

    [StrictFact]
    public async Task A_host_that_is_killed_takes_all_with_it()
    {
        using var host = HostTests.Start("killed", "strict");
        var sandboxes = (await host.StandardOutput.ReadLineAsync())!.Split(' ').Select(id => int.Parse(id, CultureInfo.InvariantCulture)).ToList();
        var mark = $"{SandboxMark.Variable}={host.Id}-";
        await Eventually.HoldsAsync(() => ProcessList.WithVariable(mark).Count(id => ProcessList.Describe(id).Contains("sleep 600")) == 4);
        var killed = Stopwatch.GetTimestamp();
        host.Kill();
        await host.WaitForExitAsync();
        await Eventually.HoldsAsync(() => ProcessList.WithVariable(mark).Count == 0 && !sandboxes.Exists(ProcessList.Runs));
        Stopwatch.GetElapsedTime(killed).TotalSeconds.ShouldBeLessThan(5);
    }

    [Fact]
    public void Where_it_cannot_be_had_the_start_fails_and_says_what_is_missing()
    {
        var path = Environment.GetEnvironmentVariable("PATH");
        try
        {
            Environment.SetEnvironmentVariable("PATH", "/nowhere");
            Should.Throw<SandboxStartException>(() => new PoolHost(o => o.Strict = true)).Message
                .ShouldBe("JobRunner:Sandbox:Strict is set, but sandboxes cannot be strict here: it needs /bin/sh, and the programs unshare and setpriv of util-linux on the PATH.");
        }
        finally
        {
            Environment.SetEnvironmentVariable("PATH", path);
        }
    }
}
