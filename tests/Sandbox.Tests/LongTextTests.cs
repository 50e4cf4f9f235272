using System.Text;
using System.Text.Json;

namespace JobRunner.Sandbox.Tests;

public sealed class LongTextTests
{
    const int Piece = 16 * 1024;

    public static TheoryData<string> Texts => new(
        new('x', Piece), new('x', Piece + 1), new('"', (3 * Piece) - 1), $"{new string('x', Piece - 1)}😀{new string('é', 3 * Piece)}",
        string.Concat(Enumerable.Repeat("😀\\\n", Piece)), $"x{string.Concat(Enumerable.Repeat("😀", Piece))}");

    [Theory(Timeout = 10_000)]
    [MemberData(nameof(Texts))]
    public Task A_text_comes_back_wherever_it_is_cut(string text) => Task.Run(() =>
    {
        Read(Write(new RunResult(text)), WireJson.Default.RunResult).Result.ShouldBe(text);
        var job = new RunParams(1, 1, "q", "t", "m", [], [text, null, "", text]);
        Read(Write(job), WireJson.Default.RunParams).Arguments.ShouldBe(job.Arguments);
    });

    [Fact(Timeout = 10_000)]
    public Task Half_a_character_costs_itself_and_no_more() => Task.Run(() =>
    {
        foreach (var length in (int[])[10, Piece - 1, Piece, Piece + 1])
        {
            var text = new string('x', length);
            Read(Write(new RunResult($"{text}\ud83d{text}")), WireJson.Default.RunResult).Result.ShouldBe($"{text}\ufffd{text}");
        }
    });

    [Fact(Timeout = 10_000)]
    public Task Quotes_and_letters_cost_no_more_than_they_must() => Task.Run(() =>
        Encoding.UTF8.GetString(Write(new RunResult("\"é\""))).ShouldEndWith("""{"result":"\"é\""}"""));

    [Theory(Timeout = 10_000)]
    [InlineData("""{"result":1}""")]
    [InlineData("""{"result":["a"]}""")]
    public Task What_is_no_text_is_refused(string json) => Task.Run(() =>
        Should.Throw<JsonException>(() => JsonSerializer.Deserialize(json, WireJson.Default.RunResult)));

    [Theory(Timeout = 10_000)]
    [InlineData("1")]
    [InlineData("[1]")]
    [InlineData("[[]]")]
    public Task What_are_no_texts_are_refused(string arguments) => Task.Run(() =>
    {
        var json = $$"""{"jobId":1,"attempt":1,"queue":"q","type":"t","method":"m","parameterTypes":[],"arguments":{{arguments}}}""";
        Should.Throw<JsonException>(() => JsonSerializer.Deserialize(json, WireJson.Default.RunParams));
    });

    static byte[] Write<T>(T value)
    {
        using var stream = new MemoryStream();
        using var writer = new FrameWriter(stream);
        var written = writer.WriteAsync(value, static (json, value) => JsonSerializer.Serialize(json, value, typeof(T), WireJson.Default));
        written.IsCompletedSuccessfully.ShouldBeTrue();
        return stream.ToArray();
    }

    static T Read<T>(byte[] message, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
    {
        using var stream = new MemoryStream(message);
        return JsonSerializer.Deserialize(new FrameReader(stream).Read()!.Value.Span, type)!;
    }
}
