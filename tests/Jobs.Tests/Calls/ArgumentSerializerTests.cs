using System.Globalization;
using System.Numerics;
using Newtonsoft.Json;
using Shop.Contracts;

namespace JobRunner.Jobs.Tests;

public class ArgumentSerializerTests
{
    readonly ArgumentSerializer _arguments = new(new TypeResolver([typeof(Order).Assembly]));

    [Fact]
    public void A_derived_instance_keeps_its_type()
    {
        var json = _arguments.Write(new Circle { Name = "c", Radius = 2 }, typeof(Shape));

        json.ShouldBe("""{"$type":"Shop.Contracts.Circle, Shop.Contracts","Radius":2.0,"Name":"c"}""");
        _arguments.Read(json, typeof(Shape)).ShouldBeOfType<Circle>().Radius.ShouldBe(2);
    }

    [Fact]
    public void Defaults_are_left_out_and_restored()
    {
        var json = _arguments.Write(new Order { Id = 7 }, typeof(Order))!;

        json.ShouldNotContain("Customer");
        _arguments.Read(json, typeof(Order)).ShouldBeOfType<Order>().Id.ShouldBe(7);
    }

    [Theory]
    [InlineData("""{"$type":"System.IO.FileInfo, System.Private.CoreLib","OriginalPath":"/etc/passwd"}""")]
    [InlineData("""{"$type":"System.Diagnostics.Process, System.Diagnostics.Process"}""")]
    [InlineData("""{"$type":"Newtonsoft.Json.Linq.JObject, Newtonsoft.Json"}""")]
    [InlineData("""{"$type":"System.Collections.Generic.List`1[[System.IO.FileInfo, mscorlib]], mscorlib"}""")]
    public void A_type_that_is_neither_allowed_nor_plain_data_may_not_be_named(string json) =>
        Should.Throw<JobLoadException>(() => _arguments.Read(json, typeof(object)));

    [Fact]
    public void Plain_data_and_allowed_types_may_be_named() =>
        _arguments.Read("""{"$type":"System.Collections.Generic.List`1[[Shop.Contracts.Money, Shop.Contracts]], mscorlib","$values":[]}""", typeof(object))
            .ShouldBeOfType<List<Money>>();

    [Fact]
    public void A_value_without_an_end_is_refused_before_it_takes_all_memory()
    {
        Should.Throw<JsonException>(() => _arguments.WriteResult(Endless())).Message.ShouldBe("It is longer than 100,000,000 characters. Has it an end?");

        static IEnumerable<string> Endless()
        {
            var item = new string('x', 100_000);
            while (true)
                yield return item;
        }
    }

    [Fact]
    public void What_is_no_base_64_cannot_be_read_as_bytes() =>
        Should.Throw<JobLoadException>(() => _arguments.Read("\"no base 64!\"", typeof(byte[]))).Message.ShouldContain("cannot be read as System.Byte[]");

    [Fact]
    public void A_bare_date_of_an_old_client_is_read() =>
        _arguments.Read("2025-01-02T03:04:05.6780000Z", typeof(DateTime))
            .ShouldBe(DateTime.Parse("2025-01-02T03:04:05.678Z", CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind));

    [Fact]
    public void What_cannot_be_read_is_told() =>
        Should.Throw<JobLoadException>(() => _arguments.Read("\"seven\"", typeof(int))).Message.ShouldContain("System.Int32");

    [Fact]
    public void An_argument_that_cannot_be_written_is_told_by_name() =>
        Should.Throw<ArgumentException>(() => _arguments.ToInvocation(JobCall.Of(() => Loops.Take(new Loop())))).Message.ShouldContain("argument 'loop'");

    [Theory]
    [InlineData(null)]
    [InlineData(100)]
    [InlineData(100_000)]
    public void What_is_nested_too_deeply_is_refused_by_name_whatever_the_settings_say(int? maxDepth)
    {
        var arguments = new ArgumentSerializer(new TypeResolver([]), new JsonSerializerSettings { MaxDepth = maxDepth });

        foreach (var loop in new object[] { new Endless(), new Circular(), Nested(100_000) })
            Should.Throw<ArgumentException>(() => arguments.ToInvocation(JobCall.Of(() => Loops.TakeAny(loop)))).Message
                .ShouldContain($"argument 'any' cannot be written as JSON: It is nested deeper than {(maxDepth is 100 ? 100 : 512)} levels");
        Should.Throw<JobLoadException>(() => arguments.Read(new string('[', 100_000) + new string(']', 100_000), typeof(object)))
            .Message.ShouldContain("MaxDepth");
    }

    [Fact]
    public void What_is_nested_as_deeply_as_may_be_is_read_again()
    {
        var json = _arguments.Write(Chained(128), typeof(Chain))!;
        _arguments.Write(_arguments.Read(json, typeof(Chain)), typeof(Chain)).ShouldBe(json);
        Should.Throw<JsonException>(() => _arguments.Write(Chained(129), typeof(Chain)));
        Should.Throw<JobLoadException>(() => _arguments.Read($"{{\"Next\":{json}}}", typeof(Chain))).Message.ShouldContain("128 levels");
    }

    [Fact]
    public void What_is_wrong_at_a_great_depth_is_told_on_a_small_stack()
    {
        var wrong = string.Concat(Enumerable.Repeat("{\"Next\":", 120)) + "[7]" + new string('}', 120);
        Exception? told = null;

        var thread = new Thread(() => told = Record.Exception(() => _arguments.Read(wrong, typeof(Chain))), maxStackSize: 512 * 1024);
        thread.Start();
        thread.Join();

        told.ShouldBeOfType<JobLoadException>();
    }

    [Fact]
    public void A_number_that_could_not_be_read_again_is_refused_by_name()
    {
        var longest = BigInteger.Pow(10, 379);
        _arguments.Read(_arguments.Write(longest, typeof(BigInteger)), typeof(BigInteger)).ShouldBe(longest);

        var number = BigInteger.Pow(10, 99_999);
        Should.Throw<ArgumentException>(() => _arguments.ToInvocation(JobCall.Of(() => Loops.Count(number)))).Message
            .ShouldContain("argument 'number' cannot be written as JSON: It has a number of 100,000 digits; at most 380");
    }

    // No theory: what an attribute says is UTF-8 itself.
    [Fact]
    public void Half_a_character_is_replaced_because_no_database_holds_it()
    {
        _arguments.Write("whole: \ud83d\ude00, none: \0", typeof(string)).ShouldBe("\"whole: \ud83d\ude00, none: \\u0000\"");
        _arguments.Write("half: \ud800, other half: \udc00", typeof(string)).ShouldBe("\"half: \ufffd, other half: \ufffd\"");
        _arguments.Write("\ud83d", typeof(string)).ShouldBe("\"\ufffd\"");
    }

    [Fact]
    public void Tokens_and_contexts_are_stored_as_null() =>
        _arguments.ToInvocation(JobCall.Of<AllTypes>(x => x.Tokens(1, CancellationToken.None, "x"))).Arguments.ShouldBe(["1", null, "\"x\""]);

    public static class Loops
    {
        public static void Take(Loop loop) => ArgumentNullException.ThrowIfNull(loop);

        public static void TakeAny(object any) => ArgumentNullException.ThrowIfNull(any);

        public static void Count(BigInteger number) => _ = number;
    }

    static object[] Nested(int depth)
    {
        object[] nested = [];
        for (var i = 1; i < depth; i++)
            nested = [nested];
        return nested;
    }

    static Chain Chained(int depth) => Enumerable.Range(1, depth - 1).Aggregate(new Chain(), (next, _) => new Chain { Next = next });

    public class Chain
    {
        public Chain? Next { get; set; }
    }

    public class Endless
    {
        public Endless Next => new();
    }

    [JsonConverter(typeof(CircularConverter))]
    public class Circular;

    sealed class CircularConverter : JsonConverter<Circular>
    {
        public override void WriteJson(JsonWriter writer, Circular? value, JsonSerializer serializer)
        {
            writer.WriteStartArray();
            serializer.Serialize(writer, new Circular());
            writer.WriteEndArray();
        }

        public override Circular ReadJson(JsonReader reader, Type objectType, Circular? existingValue, bool hasExistingValue, JsonSerializer serializer) => new();
    }

    public class Loop
    {
        public Loop Self => this;
    }
}
