using System.Text;
using System.Text.Json;

namespace JobRunner.Sandbox.Tests;

/// <summary>A pool whose sandboxes are another program, written with another library: what tests/peers/check.sh runs. The program's
/// jobs are those of tests/peers/vscode-jsonrpc/child.mjs. Not a test, because it needs what only npm has.</summary>
sealed class PeerChecks(string[] program)
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    int _passed, _failed;

    /// <summary>Prints a line for each check, and the sum last.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync()
    {
        await using var host = new PoolHost(o => (o.Minimum, o.Maximum, o.Program) = (1, 1, program));
        await CheckAsync("the program becomes ready, with hello answered before initialize", () => host.Pool.StartAsync(default));
        await CheckAsync("a call returns", () => ReturnsAsync(host, "\"grüße\"", Call("echo", "\"grüße\"")));
        await CheckAsync("a call of nothing returns nothing", () => ReturnsAsync(host, null, Call("nothing")));
        await CheckAsync("the call arrives as specified", () => MirrorAsync(host));
        await CheckAsync("log and progress arrive in order, those of another job do not", () => ReportAsync(host));
        await CheckAsync("notifications come by name and by position, unknown ones and unknown members are ignored", () => ChatAsync(host));
        await CheckAsync("a call is cancelled", () => CancelAsync(host));
        await CheckAsync("an error arrives with its type and its cause", () => FailAsync(host));
        await CheckAsync("an error whose data has another form arrives", () => FailsAsync(host, "failInAnotherForm", "too bad"));
        await CheckAsync("an error with another code arrives", () => FailsAsync(host, "throwPlainly", "too bad"));
        await CheckAsync("what the worker does not have is an error, and the connection goes on",
            () => ReturnsAsync(host, "[-32601,-32600]", Call("askForWhatIsNotThere")));
        await CheckAsync("10 MB go there and come back", () => BigAsync(host));
        var before = host.Pool.Sandboxes.Select(sandbox => sandbox.ProcessId).ToList();
        await CheckAsync("a program that exits with 0 has failed its job", () => ExitAsync(host));
        await CheckAsync("and is replaced", () => ReplacedAsync(host, before));
        Console.WriteLine($"{_passed} passed, {_failed} failed");
        return _failed == 0 ? 0 : 1;
    }

    async Task CheckAsync(string name, Func<Task> body)
    {
        try
        {
            await body().WaitAsync(Patience, TimeProvider.System);
            _passed++;
            Console.WriteLine($"ok   {name}");
        }
        catch (Exception e)
        {
            _failed++;
            Console.WriteLine($"FAIL {name}: {e.Message}");
        }
    }

    static async Task ReturnsAsync(PoolHost host, string? result, SandboxCall call) =>
        (await host.Pool.RunAsync(call, default)).ShouldBe(new SandboxEnd.Returned(result));

    static async Task FailsAsync(PoolHost host, string job, string message)
    {
        var end = await host.EndOfAsync(Call(job));
        end.Reason.ShouldBe(EndReason.Exception);
        end.Exception.Message.ShouldContain(message);
    }

    static async Task MirrorAsync(PoolHost host)
    {
        var call = Call("mirror", "1", null) with { JobId = 42, Attempt = 3, Queue = "q", MemoryLimitMb = 512, Cultures = new("de-DE", null) };
        var sent = JsonElement.Parse((await host.Pool.RunAsync(call, default)).ShouldBeOfType<SandboxEnd.Returned>().Result!);
        var token = sent.GetProperty("progress").GetInt64();
        sent.GetRawText().ShouldBe($$"""
            {"jobId":42,"attempt":3,"queue":"q","type":"Peer","method":"mirror","parameterTypes":["System.Object","System.Object"],"arguments":["1",null],"culture":"de-DE","progress":{{token}},"memoryLimit":536870912,"logLimit":10485760}
            """);
    }

    static async Task ReportAsync(PoolHost host)
    {
        var observer = new RecordingObserver();
        await ReturnsAsync(host, "\"done\"", Call("report") with { Observer = observer });
        observer.Lines.ShouldHaveSingleItem().Message.ShouldBe("half of it");
        observer.Progress.ShouldBe([(0.5, "half"), (1, null)]);
    }

    static async Task ChatAsync(PoolHost host)
    {
        var observer = new RecordingObserver();
        await ReturnsAsync(host, "\"done\"", Call("chat") with { Observer = observer });
        observer.Lines.Select(line => line.Message).ShouldBe(["by position", "by name", "cut in half: \uFFFD"]);
    }

    static async Task CancelAsync(PoolHost host)
    {
        using var cancellation = new CancellationTokenSource();
        var running = host.EndOfAsync(Call("wait"), cancellation.Token);
        var process = await host.BusyProcessAsync();
        await cancellation.CancelAsync();
        (await running).Reason.ShouldBe(EndReason.Cancelled);
        host.Pool.Sandboxes.ShouldHaveSingleItem().ProcessId.ShouldBe(process); // it was asked, not killed
    }

    static async Task FailAsync(PoolHost host)
    {
        var end = await host.EndOfAsync(Call("fail"));
        end.Reason.ShouldBe(EndReason.Exception);
        (end.Exception.Type, end.Exception.Message).ShouldBe(("ValueError", "too bad"));
        end.Exception.Details!.ShouldContain(" ---> KeyError: the cause");
    }

    static async Task BigAsync(PoolHost host)
    {
        var big = JsonSerializer.Serialize(string.Concat(Enumerable.Repeat("grüße € 😀 \"\\\n", 700_000)), JsonSerializerOptions.Web);
        Encoding.UTF8.GetByteCount(big).ShouldBeGreaterThan(10_000_000);
        var result = (await host.Pool.RunAsync(Call("echo", big), default)).ShouldBeOfType<SandboxEnd.Returned>().Result;
        (JsonElement.Parse(result!).GetString() == JsonElement.Parse(big).GetString()).ShouldBeTrue("what came back is something else");
    }

    static async Task ExitAsync(PoolHost host) => (await host.EndOfAsync(Call("exit"))).Reason.ShouldBe(EndReason.Crash);

    static async Task ReplacedAsync(PoolHost host, List<int> before)
    {
        await ReturnsAsync(host, "1", Call("echo", "1"));
        host.Pool.Sandboxes.ShouldHaveSingleItem().ProcessId.ShouldNotBe(before.ShouldHaveSingleItem());
    }

    static SandboxCall Call(string job, params string?[] arguments) =>
        new(new Invocation("Peer", job, [.. arguments.Select(_ => "System.Object")], arguments));
}
