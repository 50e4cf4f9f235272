using System.Text;
using System.Text.Json;

namespace JobRunner.Sandbox.Tests;

public sealed class FramingTests
{
    [Fact(Timeout = 10_000)]
    public async Task What_is_written_is_read_however_the_bytes_are_cut()
    {
        string[] texts = ["", "short", new('x', 70_000), "grüße €", new('y', 3_000_000), "end"];
        using var stream = new MemoryStream();
        using var writer = new FrameWriter(stream);
        foreach (var text in texts)
            await writer.WriteAsync(text, static (json, value) => json.WriteStringValue(value));
        stream.Position = 0;
        var reader = new FrameReader(new TrickleStream(stream));
        foreach (var text in texts)
            JsonSerializer.Deserialize<string>(reader.Read()!.Value.Span).ShouldBe(text);
        reader.Read().ShouldBeNull();
    }

    [Fact(Timeout = 10_000)]
    public async Task A_message_looks_as_StreamJsonRpc_writes_it()
    {
        using var stream = new MemoryStream();
        using var writer = new FrameWriter(stream);
        await writer.WriteAsync(42, static (json, value) => json.WriteNumberValue(value));
        Encoding.UTF8.GetString(stream.ToArray()).ShouldBe("Content-Length: 2\r\n\r\n42");
    }

    [Theory(Timeout = 10_000)]
    [InlineData("Content-Type: application/vscode-jsonrpc; charset=utf-8\r\ncontent-length:  2 \r\n\r\n42")]
    [InlineData("Content-Length: 2\r\nContent-Type: application/vscode-jsonrpc; charset=utf-8\r\nX-Other: a:b\r\n\r\n42")]
    public Task Other_headers_and_letter_case_do_not_matter(string text) => Task.Run(() => Read(text).ShouldBe("42"));

    [Theory(Timeout = 10_000)]
    [InlineData("Content-Length: 5\r\n\r\n42", "ended inside a message: 2 of 5")]
    [InlineData("Content-Length: 5\r\n", "ended inside a message's header")]
    [InlineData("Content-Length: x\r\n\r\n", "is not a number: 'x'")]
    [InlineData("Content-Length: -1\r\n\r\n", "is not a number")]
    [InlineData("Content-Length: +2\r\n\r\n42", "is not a number")]
    [InlineData("Content-Length: 2\r\nContent-Length: 3\r\n\r\n42", "more than one Content-Length")]
    [InlineData("Content-Length: 99999999999\r\n\r\n", "is not a number")]
    [InlineData("Content-Length: 1001\r\n\r\n", "1,001 bytes was announced; at most 1,000")]
    [InlineData("Content-Type: x\r\n\r\n", "has no Content-Length")]
    [InlineData("hello\r\n\r\n", "has no colon: 'hello'")]
    public Task Malformed_frames_are_refused_with_a_reason(string text, string reason) =>
        Task.Run(() => Should.Throw<RpcConnectionException>(() => Read(text)).Message.ShouldContain(reason));

    [Theory(Timeout = 10_000)]
    [InlineData("")]
    [InlineData(": y\r\nContent-Length: 2\r\n\r\n42")]
    public Task A_long_header_is_refused_with_or_without_its_end(string end) =>
        Task.Run(() => Should.Throw<RpcConnectionException>(() => Read(new string('x', 10_000) + end)).Message.ShouldContain("longer than 4096"));

    [Fact(Timeout = 10_000)]
    public async Task A_message_above_the_cap_is_not_sent_and_the_next_one_is()
    {
        using var stream = new MemoryStream();
        using var writer = new FrameWriter(stream, maxBytes: 100);
        await Should.ThrowAsync<RpcMessageTooLargeException>(
            async () => await writer.WriteAsync(new string('x', 101), static (json, value) => json.WriteStringValue(value)));
        stream.Length.ShouldBe(0);
        await writer.WriteAsync(1, static (json, value) => json.WriteNumberValue(value));
        stream.Length.ShouldBeGreaterThan(0);
    }

    static string Read(string text)
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(text));
        return Encoding.UTF8.GetString(new FrameReader(stream, maxBytes: 1000).Read()!.Value.Span);
    }

    /// <summary>Gives a few bytes at a time, then more and more.</summary>
    sealed class TrickleStream(MemoryStream inner) : MemoryStream
    {
        int _step;

        public override int Read(Span<byte> buffer) => inner.Read(buffer[..Math.Min(buffer.Length, ++_step)]);
    }
}
