using JobRunner.Sandbox.Tests.Jobs;
using JobRunner.TestSupport;
using Microsoft.Extensions.Logging;

namespace JobRunner.Sandbox.Tests;

/// <summary>Jobs that break the rules of their process: each is one failed job, or none.</summary>
public sealed class HostileTests : IAsyncLifetime
{
    readonly PoolHost _host = new(
        o => (o.Maximum, o.LogLimitMb, o.CancelGrace) = (1, 1, TimeSpan.FromMilliseconds(300)), o => o.JobAssemblies.Add(typeof(OddJobs).Assembly));

    public Task InitializeAsync() => _host.Pool.StartAsync(default);

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Fact(Timeout = 60_000)]
    public async Task A_gigabyte_on_standard_output_neither_blocks_nor_fills_memory()
    {
        var observer = new CountingObserver();
        GC.Collect();
        var before = Environment.WorkingSet;
        await _host.Pool.RunAsync(_host.Call(() => HostileJobs.WriteMuch(1000)) with { Observer = observer }, default);
        (Environment.WorkingSet - before).ShouldBeLessThan(100L << 20);
        observer.Characters.ShouldBeLessThan(1_100_000);
        observer.Last.ShouldBe("The job's log has reached its limit of 1 MB (JobRunner:Sandbox:LogLimitMb). The rest is dropped.");
    }

    [Theory(Timeout = 60_000)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_job_that_closes_its_descriptors_costs_its_sandbox(bool onlySockets)
    {
        var end = await _host.EndOfAsync(_host.Call(() => HostileJobs.CloseDescriptors(onlySockets)));
        end.Reason.ShouldBe(EndReason.Crash);
        await _host.ShouldStillWorkAsync();
    }

    [Theory(Timeout = 30_000)]
    [InlineData("Content-Length: 100\r\n\r\n{\"jsonrpc\"", "exit code 0")]
    [InlineData("Content-Length: 4\r\n\r\nnull", "")]
    [InlineData("nonsense\r\n\r\n", "")]
    public async Task A_job_that_writes_to_its_parents_socket_or_dies_while_it_answers_costs_its_sandbox(string text, string told)
    {
        var end = await _host.EndOfAsync(_host.Call(() => HostileJobs.WriteToSocket(text)));
        end.Reason.ShouldBe(EndReason.Crash);
        end.Exception.Message.ShouldContain(told);
        await _host.ShouldStillWorkAsync();
    }

    [Fact(Timeout = 30_000)]
    public async Task A_job_that_ignores_SIGTERM_is_killed_when_it_is_cancelled()
    {
        (await _host.CancelWhileBusyAsync(_host.Call(() => HostileJobs.IgnoreSignals()))).Reason.ShouldBe(EndReason.Cancelled);
        await _host.ShouldStillWorkAsync();
    }

    [Fact(Timeout = 30_000)]
    public async Task A_process_that_a_job_detached_ends_with_the_sandbox_and_holds_up_nothing()
    {
        var detached = await _host.Pool.RunAsync(() => HostileJobs.DetachWithMyPipes());
        ProcessList.Runs(detached).ShouldBeTrue();
        (await _host.EndOfAsync(_host.Call(() => TestJobs.ExitAtOnce(0)))).Reason.ShouldBe(EndReason.Crash);
        await Eventually.HoldsAsync(() => !ProcessList.Runs(detached));
        await _host.ShouldStillWorkAsync();
    }

    [Fact(Timeout = 30_000)]
    public async Task A_result_that_cannot_be_written_is_no_failure_and_an_exception_that_cannot_be_read_is_told()
    {
        (await _host.RunAsync(() => HostileJobs.Unwritable())).ShouldBeOfType<SandboxEnd.Returned>().Result!.ShouldContain("cannot be written as JSON");
        var end = await _host.EndOfAsync(_host.Call(() => HostileJobs.ThrowStrange()));
        end.Reason.ShouldBe(EndReason.Exception);
        end.Exception.Type.ShouldBe("JobRunner.Sandbox.Tests.Jobs.HostileJobs+StrangeException");
        await _host.ShouldStillWorkAsync();
    }

    [Fact(Timeout = 120_000)]
    public async Task An_exception_that_is_hard_to_describe_is_a_failure_of_the_job_alone()
    {
        await _host.ShouldStillWorkAsync();
        var sandbox = _host.Pool.Sandboxes.ShouldHaveSingleItem().ProcessId;
        foreach (var kind in OddExceptions.Kinds)
        {
            var end = await _host.EndOfAsync(_host.Call(() => OddJobs.Throw(kind)));
            end.Reason.ShouldBe(EndReason.Exception, kind);
            end.Exception.Type.ShouldBe(OddExceptions.Make(kind).GetType().FullName);
            end.Exception.Message.Length.ShouldBeInRange(1, 32_000, kind);
        }

        _host.Pool.Sandboxes.ShouldHaveSingleItem().ProcessId.ShouldBe(sandbox);
        await _host.ShouldStillWorkAsync();
    }

    [Fact(Timeout = 60_000)]
    public async Task Arguments_and_results_may_have_nearly_64_megabytes_and_more_is_refused_with_the_reason()
    {
        var text = new string('x', 60_000_000);
        var echo = await _host.Pool.RunAsync(_host.Call(() => TestJobs.EchoAsync(text)) with { MemoryLimitMb = 1280 }, default);
        echo.ShouldBeOfType<SandboxEnd.Returned>().Result!.Length.ShouldBe(text.Length + 2);
        var tooLarge = new string('x', 68_000_000);
        (await _host.EndOfAsync(_host.Call(() => TestJobs.EchoAsync(tooLarge)))).Exception.Message.ShouldContain("at most 67,108,864");
        await _host.ShouldStillWorkAsync();
    }

    sealed class CountingObserver : ISandboxObserver
    {
        long _characters;

        public long Characters => Interlocked.Read(ref _characters);

        public string? Last { get; private set; }

        public void OnLog(LogLevel level, string message) => (_, Last) = (Interlocked.Add(ref _characters, message.Length), message);

        public void OnProgress(double fraction, string? message)
        {
        }
    }
}
