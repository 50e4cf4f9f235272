using Microsoft.Extensions.Logging.Abstractions;

namespace JobRunner.Sandbox.Tests;

/// <summary>The worker's end, as a sandbox in another language meets it.</summary>
public sealed class ParentTargetTests : IAsyncLifetime
{
    readonly ParentTarget _target = new("the token");
    RpcPair _pair = null!;

    public async Task InitializeAsync() => _pair = await RpcPair.CreateAsync(_target);

    public async Task DisposeAsync() => await _pair.DisposeAsync();

    [Theory(Timeout = 10_000)]
    [InlineData("""{"token":"the token","version":1,"pid":7}""")]
    [InlineData("""["the token",1,7]""")]
    [InlineData("""{"version":1,"token":"the token","future":{"a":[1]}}""")]
    public async Task Hello_is_answered_and_then_the_sandbox_is_in(string parameters)
    {
        await SendHelloAsync(parameters);
        (await _pair.ReceiveAsync()).GetRawText().ShouldBe("""{"jsonrpc":"2.0","id":"h","result":null}""");
        await _target.Greeted;
    }

    [Fact]
    public async Task Nothing_comes_before_the_answer_to_hello()
    {
        var target = new ParentTarget("t");
        var result = await target.OnRequestAsync("hello", new RpcParams("""["t",1]"""u8), default);
        target.Greeted.IsCompleted.ShouldBeFalse();
        result.Sent!();
        await target.Greeted;
    }

    [Theory(Timeout = 10_000)]
    [InlineData("""{"token":"another","version":1,"pid":7}""", -32600, "wrong token")]
    [InlineData("""{"token":"the token","version":2,"pid":7}""", -32600, "speaks version 2")]
    [InlineData("""{"version":1,"pid":7}""", -32602, "cannot be read")]
    [InlineData("""{"token":null,"version":1,"pid":7}""", -32602, "cannot be read")]
    [InlineData("""{"token":"the token","pid":7}""", -32602, "cannot be read")]
    public async Task A_sandbox_that_cannot_come_in_is_told_so_and_the_worker_too(string parameters, int code, string reason)
    {
        await SendHelloAsync(parameters);
        var error = (await _pair.ReceiveAsync()).GetProperty("error");
        (error.GetProperty("code").GetInt32(), error.GetProperty("message").GetString()!.Contains(reason, StringComparison.Ordinal)).ShouldBe((code, true));
        (await Should.ThrowAsync<SandboxStartException>(_target.Greeted)).Message.ShouldContain(reason);
    }

    [Fact(Timeout = 10_000)]
    public async Task Hello_comes_once()
    {
        for (var times = 0; times < 2; times++)
            await SendHelloAsync("""["the token",1,7]""");
        (await _pair.ReceiveAsync()).TryGetProperty("error", out _).ShouldBeFalse();
        (await _pair.ReceiveAsync()).GetProperty("error").GetProperty("code").GetInt32().ShouldBe(-32600);
    }

    [Fact(Timeout = 10_000)]
    public async Task Progress_of_another_run_is_ignored_and_so_is_what_nobody_knows()
    {
        var observer = new RecordingObserver();
        var call = new SandboxCall(new Invocation("T", "M", [], [])) { Observer = observer };
        var options = new SandboxOptions();
        using var run = new SandboxRun(
            call, RunLimits.Of(call, options), null!, null!, null!, options, TimeProvider.System, NullLogger.Instance, default) { Token = 2 };
        _target.Run = run;
        await _pair.SendAsync("""{"jsonrpc":"2.0","method":"$/progress","params":{"token":1,"value":{"fraction":0.9}}}""");
        await _pair.SendAsync("""{"jsonrpc":"2.0","method":"$/unknown","params":7}""");
        await _pair.SendAsync("""{"jsonrpc":"2.0","method":"unknown"}""");
        await _pair.SendAsync("""{"jsonrpc":"2.0","method":"$/progress","params":[2,{"fraction":0.5,"message":"half","future":1}]}""");
        await observer.UntilAsync(() => !observer.Progress.IsEmpty);
        observer.Progress.ShouldHaveSingleItem().ShouldBe((0.5, "half"));
    }

    Task SendHelloAsync(string parameters) => _pair.SendAsync($$"""{"jsonrpc":"2.0","id":"h","method":"hello","params":{{parameters}}}""");
}
