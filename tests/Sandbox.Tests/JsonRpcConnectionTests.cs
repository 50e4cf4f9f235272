using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace JobRunner.Sandbox.Tests;

public sealed class JsonRpcConnectionTests : IAsyncLifetime
{
    readonly ScriptedTarget _target = new();
    RpcPair _pair = null!;

    public async Task InitializeAsync() => _pair = await RpcPair.CreateAsync(_target);

    public async Task DisposeAsync() => await _pair.DisposeAsync();

    [Fact(Timeout = 10_000)]
    public async Task A_request_gets_its_answer()
    {
        var answered = RequestAsync();
        var request = await _pair.ReceiveAsync();
        request.GetProperty("jsonrpc").GetString().ShouldBe("2.0");
        request.GetProperty("method").GetString().ShouldBe("log");
        request.GetProperty("params").GetRawText().ShouldBe("""{"level":"Warning","message":"hi"}""");
        await AnswerAsync(request, """ "result":{"result":"7"} """);
        (await answered)!.Result.ShouldBe("7");
    }

    [Fact(Timeout = 10_000)]
    public async Task An_error_comes_as_an_exception_with_its_data()
    {
        var answered = RequestAsync();
        await AnswerAsync(await _pair.ReceiveAsync(), """
            "error":{"code":-32000,"message":"outer",
             "data":{"type":"A.B","message":"outer","stack":"   at X","code":-2146233088,"inner":{"type":"C","message":"inner","stack":null,"code":1}}}
            """);
        var error = await Should.ThrowAsync<RpcException>(answered);
        error.Code.ShouldBe(-32000);
        error.Data!.ToExceptionInfo("").ShouldBe(new ExceptionInfo(
            "A.B", "outer", "A.B: outer\n ---> C: inner\n   --- End of inner exception stack trace ---\n   at X"));
    }

    [Fact(Timeout = 10_000)]
    public async Task Error_data_of_another_form_is_left_out()
    {
        var answered = RequestAsync();
        await AnswerAsync(await _pair.ReceiveAsync(), """ "error":{"code":5,"message":"m","data":"text"} """);
        (await Should.ThrowAsync<RpcException>(answered)).Data.ShouldBeNull();
    }

    [Fact(Timeout = 10_000)]
    public async Task Cancelling_asks_the_peer_and_waits_for_its_answer()
    {
        using var cancellation = new CancellationTokenSource();
        var answered = RequestAsync(cancellation.Token);
        var request = await _pair.ReceiveAsync();
        await cancellation.CancelAsync();
        var cancel = await _pair.ReceiveAsync();
        cancel.GetProperty("method").GetString().ShouldBe("$/cancelRequest");
        cancel.GetProperty("params").GetProperty("id").GetRawText().ShouldBe(request.GetProperty("id").GetRawText());
        await AnswerAsync(request, """ "result":{"result":"anyway"} """);
        (await answered)!.Result.ShouldBe("anyway");
    }

    [Theory(Timeout = 10_000)]
    [InlineData("""{"level":"Error","message":"m"}""")]
    [InlineData("""{"message":"m","unknown":[1,{}],"level":"Error"}""")]
    [InlineData("""["Error","m"]""")]
    [InlineData("""[{"level":"Error","message":"m"}]""")]
    public async Task Parameters_come_by_name_or_by_position(string parameters)
    {
        await _pair.SendAsync($$"""{"id":"text id","params":{{parameters}},"method":"echo","jsonrpc":"2.0","more":{"a":[1] } }""");
        (await _pair.ReceiveAsync()).GetRawText().ShouldBe("""{"jsonrpc":"2.0","id":"text id","result":{"level":"Error","message":"m"}}""");
    }

    [Fact(Timeout = 10_000)]
    public async Task An_exception_of_the_target_is_sent_as_StreamJsonRpc_sends_it()
    {
        await _pair.SendAsync("""{"jsonrpc":"2.0","id":1,"method":"fail"}""");
        var error = (await _pair.ReceiveAsync()).GetProperty("error");
        error.GetProperty("code").GetInt32().ShouldBe(-32000);
        error.GetProperty("message").GetString().ShouldBe("it failed");
        var data = error.GetProperty("data");
        data.GetProperty("type").GetString().ShouldBe("System.InvalidOperationException");
        data.GetProperty("stack").GetString()!.ShouldContain("OnRequestAsync");
        data.GetProperty("inner").GetProperty("message").GetString().ShouldBe("the cause");
    }

    [Fact(Timeout = 10_000)]
    public async Task An_exception_with_more_causes_than_JSON_may_be_deep_is_sent_with_some_of_them()
    {
        await _pair.SendAsync("""{"jsonrpc":"2.0","id":1,"method":"fail deeply"}""");
        var error = (await _pair.ReceiveAsync()).GetProperty("error");
        error.GetProperty("message").GetString().ShouldBe("level 99");
        error.GetProperty("data").GetProperty("inner").GetProperty("inner").GetProperty("message").GetString().ShouldBe("level 97");
        error.GetProperty("data").GetProperty("details").GetString()!.ShouldContain("System.InvalidOperationException: level 99");
    }

    [Theory(Timeout = 10_000)]
    [InlineData("""cut \ud83d""", "cut \uFFFD")]
    [InlineData("""\udE00 \u0041 \ud83d\ude00""", "\uFFFD A 😀")]
    [InlineData("""\ud83d \\ud83d \n""", "\uFFFD \\ud83d \n")]
    public async Task Half_a_character_in_a_text_for_people_does_not_end_the_connection(string escaped, string text)
    {
        await _pair.SendAsync($$"""{"jsonrpc":"2.0","method":"log","params":{"level":"Debug","message":"{{escaped}}"} }""");
        (await _target.Notified.Task).Line.Message.ShouldBe(text);
        var answered = RequestAsync();
        await AnswerAsync(await _pair.ReceiveAsync(), $$""" "error":{"code":-32000,"message":"{{escaped}}","data":{"message":"{{escaped}}"} } """);
        var error = await Should.ThrowAsync<RpcException>(answered);
        (error.Message, error.Data!.Message).ShouldBe((text, text));
    }

    [Theory(Timeout = 10_000)]
    [InlineData("""{"result":null}""")]
    [InlineData("""{}""")]
    public async Task A_result_may_be_without_a_value(string result)
    {
        var answered = RequestAsync();
        await AnswerAsync(await _pair.ReceiveAsync(), $"\"result\":{result}");
        (await answered)!.Result.ShouldBeNull();
    }

    [Fact(Timeout = 10_000)]
    public async Task A_result_may_be_null_with_an_error_that_is_null()
    {
        var answered = RequestAsync();
        await AnswerAsync(await _pair.ReceiveAsync(), """ "result":null,"error":null """);
        (await answered).ShouldBeNull();
    }

    [Theory(Timeout = 10_000)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"nothing"}""", -32601)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"echo"}""", -32602)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"echo","params":null}""", -32602)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"echo","params":[]}""", -32602)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"echo","params":{"level":"Error"}}""", -32602)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"echo","params":{"level":"Error","message":null}}""", -32602)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"echo","params":{"level":7.5}}""", -32602)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"echo","params":["Error","m","more"]}""", -32602)]
    public async Task A_bad_request_is_answered_and_the_connection_goes_on(string json, int code)
    {
        await _pair.SendAsync(json);
        (await _pair.ReceiveAsync()).GetProperty("error").GetProperty("code").GetInt32().ShouldBe(code);
        await _pair.SendAsync("""{"jsonrpc":"2.0","id":2,"method":"echo","params":["Error","m"]}""");
        (await _pair.ReceiveAsync()).GetProperty("id").GetInt32().ShouldBe(2);
    }

    [Fact(Timeout = 10_000)]
    public async Task The_peer_can_cancel_its_request()
    {
        await _pair.SendAsync("""{"jsonrpc":"2.0","id":"w","method":"wait"}""");
        await _pair.SendAsync("""{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":"w"}}""");
        (await _pair.ReceiveAsync()).GetProperty("error").GetProperty("code").GetInt32().ShouldBe(-32800);
    }

    [Fact(Timeout = 10_000)]
    public async Task Notifications_reach_the_target()
    {
        await _pair.SendAsync("""{"jsonrpc":"2.0","method":"log","params":{"level":"Debug","message":"m"}}""");
        (await _target.Notified.Task).ShouldBe(("log", new LogParams(LogLevel.Debug, "m")));
    }

    [Theory(Timeout = 10_000)]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(30)]
    [InlineData(90)]
    public async Task A_method_that_blocks_does_not_hold_up_the_messages_behind_it(int bytesThatCameWithIt)
    {
        var blocking = RpcPair.Frame("""{"jsonrpc":"2.0","id":1,"method":"block"}""");
        var next = RpcPair.Frame("""{"jsonrpc":"2.0","method":"log","params":{"level":"Debug","message":"m"}}""");
        next.Length.ShouldBeGreaterThan(bytesThatCameWithIt);
        await _pair.Peer.WriteAsync((byte[])[.. blocking, .. next[..bytesThatCameWithIt]]);
        await _pair.Peer.WriteAsync(next.AsMemory(bytesThatCameWithIt));
        (await _pair.ReceiveAsync()).GetProperty("id").GetInt32().ShouldBe(1);
        await _pair.SendAsync("""{"jsonrpc":"2.0","id":2,"method":"echo","params":["Error","m"]}""");
        (await _pair.ReceiveAsync()).GetProperty("id").GetInt32().ShouldBe(2);
    }

    [Fact(Timeout = 10_000)]
    public async Task Requests_behind_a_method_that_blocks_may_block_as_well_and_be_cancelled()
    {
        await _pair.SendAsync("""{"jsonrpc":"2.0","id":1,"method":"block"}""");
        await _pair.SendAsync("""{"jsonrpc":"2.0","id":2,"method":"block"}""");
        await _pair.SendAsync("""{"jsonrpc":"2.0","id":3,"method":"wait"}""");
        await _pair.SendAsync("""{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":3}}""");
        (await _pair.ReceiveAsync()).GetProperty("error").GetProperty("code").GetInt32().ShouldBe(-32800);
        await _pair.SendAsync("""{"jsonrpc":"2.0","method":"log","params":{"level":"Debug","message":"m"}}""");
        int[] ended = [(await _pair.ReceiveAsync()).GetProperty("id").GetInt32(), (await _pair.ReceiveAsync()).GetProperty("id").GetInt32()];
        ended.ShouldBe([1, 2], ignoreOrder: true);
    }

    [Fact(Timeout = 10_000)]
    public async Task What_waits_fails_when_the_peer_goes()
    {
        var answered = RequestAsync();
        await _pair.ReceiveAsync();
        await _pair.Peer.DisposeAsync();
        (await Should.ThrowAsync<RpcConnectionException>(answered)).Message.ShouldBe("The peer closed the connection.");
        await Should.ThrowAsync<RpcConnectionException>(() => RequestAsync());
    }

    [Theory(Timeout = 10_000)]
    [InlineData("nonsense", "not JSON-RPC")]
    [InlineData("[]", "not a JSON object")]
    [InlineData("{} {}", "not JSON-RPC")]
    [InlineData("""{"id":{}}""", "id is neither")]
    [InlineData("""{"id":1,"method":7}""", "not JSON-RPC")]
    [InlineData("""{"id":null,"error":{"code":-32700,"message":"parse error"}}""", "parse error")]
    public async Task Nonsense_ends_the_connection_with_a_reason(string json, string reason)
    {
        await _pair.SendAsync(json);
        (await _pair.EndAsync()).ShouldContain(reason);
    }

    [Fact(Timeout = 10_000)]
    public async Task Answers_that_nobody_waits_for_are_ignored()
    {
        await _pair.SendAsync("""{"jsonrpc":"2.0","id":99,"result":null}""");
        await _pair.SendAsync("""{"jsonrpc":"2.0","id":2,"method":"echo","params":["Error","m"]}""");
        (await _pair.ReceiveAsync()).GetProperty("id").GetInt32().ShouldBe(2);
    }

    [Fact(Timeout = 10_000)]
    public async Task Bytes_that_are_no_frame_end_the_connection()
    {
        await _pair.Peer.WriteAsync(Encoding.UTF8.GetBytes("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
        (await _pair.EndAsync()).ShouldContain("has no colon: 'GET / HTTP/1.1'");
    }

    [Fact(Timeout = 10_000)]
    public async Task A_message_that_is_nested_too_deep_ends_the_connection()
    {
        var nested = new string('[', 100) + new string(']', 100);
        await _pair.SendAsync($$"""{"jsonrpc":"2.0","id":1,"method":"echo","params":["Error","m"],"more":{{nested}}}""");
        (await _pair.EndAsync()).ShouldContain("not JSON-RPC");
    }

    [Fact(Timeout = 10_000)]
    public async Task A_message_above_the_cap_ends_the_connection_before_it_is_read()
    {
        await _pair.Peer.WriteAsync(Encoding.UTF8.GetBytes("Content-Length: 100001\r\n\r\n"));
        (await _pair.EndAsync()).ShouldContain("100,001 bytes was announced; at most 100,000 are accepted");
    }

    [Fact(Timeout = 10_000)]
    public async Task Many_messages_from_many_threads_are_never_torn()
    {
        var sending = Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(async () =>
        {
            for (var n = 0; n < 200; n++)
                await _pair.Connection.NotifyAsync("log", new LogParams(LogLevel.Debug, new string((char)('a' + i), n)), WireJson.Default.LogParams);
        })));
        for (var n = 0; n < 1600; n++)
            (await _pair.ReceiveAsync()).GetProperty("params").GetProperty("message").GetString()!.Distinct().Count().ShouldBeLessThan(2);
        await sending;
    }

    Task AnswerAsync(JsonElement request, string member) =>
        _pair.SendAsync($$"""{"jsonrpc":"2.0","id":{{request.GetProperty("id").GetRawText()}},{{member}} }""");

    Task<RunResult?> RequestAsync(CancellationToken cancellationToken = default) => _pair.Connection.RequestAsync(
        "log", new LogParams(LogLevel.Warning, "hi"), WireJson.Default.LogParams, WireJson.Default.RunResult, cancellationToken);
}
