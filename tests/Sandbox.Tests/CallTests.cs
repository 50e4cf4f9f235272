using System.Globalization;
using JobRunner.Sandbox.Tests.Jobs;
using Microsoft.Extensions.Logging;

namespace JobRunner.Sandbox.Tests;

public sealed class CallTests : IAsyncLifetime
{
    readonly PoolHost _host = new();

    public Task InitializeAsync() => _host.Pool.StartAsync(default);

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Fact(Timeout = 30_000)]
    public async Task A_call_runs_in_another_process_and_returns_its_result()
    {
        (await _host.Pool.RunAsync(() => TestJobs.Add(2, 3))).ShouldBe(5);
        (await _host.Pool.RunAsync(() => TestJobs.EchoAsync("grüße"))).ShouldBe("grüße");
        (await _host.Pool.RunAsync(() => TestJobs.ProcessId())).ShouldNotBe(Environment.ProcessId);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_call_without_a_result_returns_null() =>
        (await _host.RunAsync(() => TestJobs.Nothing())).ShouldBe(new SandboxEnd.Returned(null));

    [Fact(Timeout = 30_000)]
    public async Task A_job_gets_the_services_of_the_modules() =>
        (await _host.Pool.RunAsync(GreetYou(), default)).ShouldBe(new SandboxEnd.Returned("\"Hello, you\""));

    [Fact(Timeout = 30_000)]
    public async Task An_exception_of_the_job_comes_back_as_data()
    {
        var end = await _host.EndOfAsync(_host.Call(() => TestJobs.Throw("boom")));
        end.Reason.ShouldBe(EndReason.Exception);
        end.Exception.Type.ShouldBe("System.InvalidOperationException");
        end.Exception.Message.ShouldBe("boom");
        end.Exception.Details.ShouldContain("System.ArgumentException: the cause");
        end.Exception.Details.ShouldContain("at JobRunner.Sandbox.Tests.Jobs.TestJobs.Throw(String message)");
    }

    [Fact(Timeout = 30_000)]
    public async Task A_call_as_code_throws_what_the_job_threw()
    {
        var failure = await Should.ThrowAsync<JobFailedException>(() => _host.Pool.RunAsync(() => TestJobs.Throw("boom")));
        failure.Message.ShouldBe("boom");
        failure.Reason.ShouldBe(EndReason.Exception);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_type_outside_the_job_assemblies_is_refused()
    {
        var call = new SandboxCall(new Invocation("System.Environment, mscorlib", "Exit", ["System.Int32"], ["0"]));
        var end = await _host.EndOfAsync(call);
        end.Exception.Type.ShouldBe("JobRunner.JobLoadException");
        end.Exception.Message.ShouldContain("JobRunner:JobAssemblies");
    }

    [Fact(Timeout = 30_000)]
    public async Task Loggers_and_console_are_the_log_of_the_job_in_order()
    {
        var observer = new RecordingObserver();
        await _host.Pool.RunAsync(_host.Call(() => TestJobs.Log(null!)) with { Observer = observer }, default);
        observer.Lines.ShouldBe([
            (LogLevel.Error, "from the logger 42"), (LogLevel.Information, "from the console"),
            (LogLevel.Warning, "from the error console"), (LogLevel.Information, "no newline")]);
    }

    [Fact(Timeout = 30_000)]
    public async Task Loggers_of_the_container_write_to_the_log_of_the_job()
    {
        var observer = new RecordingObserver();
        await _host.Pool.RunAsync(GreetYou() with { Observer = observer }, default);
        observer.Lines.ShouldContain((LogLevel.Information, "greeting you"));
    }

    [Fact(Timeout = 30_000)]
    public async Task Native_output_is_read_however_much_it_is()
    {
        var observer = new RecordingObserver();
        var text = new string('y', 999) + "\n";
        var end = await _host.Pool.RunAsync(_host.Call(() => TestJobs.WriteNatively(text, 1000)) with { Observer = observer }, default);
        end.ShouldBeOfType<SandboxEnd.Returned>();
        observer.Lines.ShouldContain((LogLevel.Information, text.TrimEnd()));
    }

    [Fact(Timeout = 30_000)]
    public async Task A_line_that_never_ends_is_cut()
    {
        var observer = new RecordingObserver();
        await _host.Pool.RunAsync(_host.Call(() => TestJobs.Say("z", 100_000)) with { Observer = observer }, default);
        observer.Lines.ShouldHaveSingleItem().Message.ShouldBe(new string('z', 8 * 1024) + "…");
    }

    [Fact(Timeout = 30_000)]
    public async Task Progress_is_thinned_out_but_the_last_value_always_comes()
    {
        var observer = new RecordingObserver();
        await _host.Pool.RunAsync(_host.Call(() => TestJobs.Report(null!)) with { Observer = observer }, default);
        observer.Progress.Count.ShouldBeLessThan(100);
        observer.Progress.ShouldContain((1.0, "step 1000"));
    }

    [Fact(Timeout = 30_000)]
    public async Task The_job_knows_its_circumstances_and_culture()
    {
        var context = await _host.Pool.RunAsync(_host.Call(() => TestJobs.Context(null!)) with { JobId = 7, Attempt = 2, Queue = "slow" }, default);
        context.ShouldBe(new SandboxEnd.Returned("\"7 2 slow\""));
        var culture = await _host.Pool.RunAsync(_host.Call(() => TestJobs.Culture()) with { Cultures = new("de-DE", null) }, default);
        culture.ShouldBe(new SandboxEnd.Returned($"\"{1.5.ToString(CultureInfo.GetCultureInfo("de-DE"))}\""));
    }

    [Fact(Timeout = 30_000)]
    public async Task A_caller_may_block_after_a_call()
    {
        await using var one = new PoolHost(options => options.Maximum = 1);
        await Task.Run(async () =>
        {
            await one.Pool.RunAsync(() => TestJobs.Add(1, 2));
            one.Pool.RunAsync(() => TestJobs.Add(3, 4)).GetAwaiter().GetResult().ShouldBe(7);
        });
    }

    [Fact(Timeout = 30_000)]
    public async Task What_a_job_leaves_on_its_thread_is_not_there_for_the_next_one()
    {
        await using var one = new PoolHost(options => options.Maximum = 1);
        for (var i = 0; i < 3; i++)
            (await one.Pool.RunAsync(() => TestJobs.LeaveBehind("something"))).ShouldBe("nothing");
    }

    [Fact(Timeout = 60_000)]
    public async Task Results_may_be_large_but_not_boundless()
    {
        (await _host.Pool.RunAsync(() => TestJobs.Big(20_000_000)))!.Length.ShouldBe(20_000_000);
        var end = await _host.EndOfAsync(_host.Call(() => TestJobs.Big(70_000_000)));
        end.Exception.Message.ShouldContain("at most 67,108,864");
        await _host.ShouldStillWorkAsync();
    }

    SandboxCall GreetYou() => new(_host.Pool.Arguments.ToInvocation(JobCall.Of<GreetJob>(job => job.Run("you"))));
}
