using System.Text.Json;

namespace JobRunner.Sandbox.Tests;

/// <summary>The protocol as a peer in another language meets it.</summary>
public sealed class WireTests
{
    const string Type = "JobRunner.Sandbox.Tests.Jobs.TestJobs, Sandbox.Tests";

    [Fact(Timeout = 30_000)]
    public async Task A_child_greets_with_the_token_the_version_and_its_process()
    {
        await using var parent = await HandMadeParent.StartAsync("the token");
        var hello = await parent.ReceiveAsync();
        hello.GetProperty("method").GetString().ShouldBe("hello");
        hello.GetProperty("params").GetRawText().ShouldBe($$"""{"token":"the token","version":1,"pid":{{parent.Process.Id}}}""");
    }

    [Fact(Timeout = 30_000)]
    public async Task A_run_is_a_request_with_its_log_and_progress_before_its_answer()
    {
        await using var parent = await HandMadeParent.StartAsync("t");
        await parent.InitializeAsync();
        await parent.SendAsync(Run("5", "Log", "\"JobRunner.IJobContext, JobRunner.Jobs\"", "null"));
        (await parent.ReceiveAsync()).GetRawText().ShouldBe("""{"jsonrpc":"2.0","method":"log","params":{"level":"Error","message":"from the logger 42"}}""");
        for (var lines = 0; lines < 3; lines++)
            (await parent.ReceiveAsync()).GetProperty("method").GetString().ShouldBe("log");
        (await parent.ReceiveAsync()).GetRawText().ShouldBe("""{"jsonrpc":"2.0","id":5,"result":{}}""");
    }

    [Fact(Timeout = 30_000)]
    public async Task Parameters_by_position_are_taken_and_progress_carries_the_token()
    {
        await using var parent = await HandMadeParent.StartAsync("t");
        await parent.InitializeAsync();
        await parent.SendAsync($$"""
            {"jsonrpc":"2.0","id":6,"method":"run","params":[1,1,"default","{{Type}}","Report",["JobRunner.IJobContext, JobRunner.Jobs"],[null],null,null,77]}
            """);
        (await parent.ReceiveAsync()).GetRawText().ShouldBe(
            """{"jsonrpc":"2.0","method":"$/progress","params":{"token":77,"value":{"fraction":0,"message":"step 0"}}}""");
    }

    [Fact(Timeout = 30_000)]
    public async Task A_run_is_cancelled_by_its_id()
    {
        await using var parent = await HandMadeParent.StartAsync("t");
        await parent.InitializeAsync();
        await parent.SendAsync(Run("\"r\"", "WaitAsync", "\"System.Threading.CancellationToken, mscorlib\"", "null"));
        await parent.SendAsync("""{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":"r"}}""");
        (await parent.ReceiveAsync()).GetProperty("error").GetProperty("code").GetInt32().ShouldBe(-32800);
    }

    [Theory(Timeout = 30_000)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"run","params":{"jobId":1}}""", -32600)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"dance"}""", -32601)]
    public async Task What_a_child_cannot_do_is_an_error(string json, int code)
    {
        await using var parent = await HandMadeParent.StartAsync("t");
        await parent.ReceiveAsync();
        await parent.SendAsync(json);
        (await parent.ReceiveAsync()).GetProperty("error").GetProperty("code").GetInt32().ShouldBe(code);
    }

    [Fact(Timeout = 30_000)]
    public async Task One_thing_comes_after_the_other_and_what_comes_too_early_is_refused()
    {
        await using var parent = await HandMadeParent.StartAsync("t");
        await parent.InitializeAsync();
        await parent.SendAsync("""{"jsonrpc":"2.0","method":"$/unknown","params":{"a":[1]}}""");
        await parent.SendAsync("""{"jsonrpc":"2.0","id":2,"method":"initialize","params":{"jobAssemblies":[],"modules":[]}}""");
        (await parent.ErrorAsync()).ShouldBe((2, -32600));
        await parent.SendAsync("""{"jsonrpc":"2.0","id":3,"method":"run","params":{"jobId":1}}""");
        (await parent.ErrorAsync()).ShouldBe((3, -32602));
        await parent.SendAsync(Run("4", "WaitAsync", "\"System.Threading.CancellationToken, mscorlib\"", "null"));
        await parent.SendAsync(Run("5", "Nothing", "", ""));
        (await parent.ErrorAsync()).ShouldBe((5, -32600));
        await parent.SendAsync("""{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":4}}""");
        (await parent.ErrorAsync()).ShouldBe((4, -32800));
        await parent.SendAsync(Run("6", "Nothing", "", ""));
        (await parent.ReceiveAsync()).GetRawText().ShouldBe("""{"jsonrpc":"2.0","id":6,"result":{}}""");
    }

    [Fact(Timeout = 30_000)]
    public async Task A_child_ends_when_its_parent_hangs_up_whatever_its_job_does()
    {
        await using var parent = await HandMadeParent.StartAsync("t");
        await parent.InitializeAsync();
        await parent.SendAsync(Run("1", "Spin", "", ""));
        parent.HangUp();
        await parent.Process.WaitForExitAsync();
    }

    [Fact(Timeout = 30_000)]
    public async Task A_child_ends_when_it_is_sent_nonsense()
    {
        await using var parent = await HandMadeParent.StartAsync("t");
        await parent.ReceiveAsync();
        await parent.SendAsync("nonsense");
        await parent.Process.WaitForExitAsync();
    }

    [Fact(Timeout = 30_000)]
    public Task A_child_whose_parent_is_gone_already_ends_at_once() =>
        Should.ThrowAsync<OperationCanceledException>(() => HandMadeParent.StartAsync("t", parentId: 1));

    static string Run(string id, string method, string parameterType, string argument) => JsonSerializer.Serialize(JsonElement.Parse($$"""
        {"jsonrpc":"2.0","id":{{id}},"method":"run","params":{"jobId":1,"attempt":1,"queue":"default","type":"{{Type}}","method":"{{method}}",
         "parameterTypes":[{{parameterType}}],"arguments":[{{argument}}],"progress":1} }
        """));
}
