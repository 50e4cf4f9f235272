using System.Globalization;
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
    public void A_bare_date_of_an_old_client_is_read() =>
        _arguments.Read("2025-01-02T03:04:05.6780000Z", typeof(DateTime))
            .ShouldBe(DateTime.Parse("2025-01-02T03:04:05.678Z", CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind));

    [Fact]
    public void What_cannot_be_read_is_told() =>
        Should.Throw<JobLoadException>(() => _arguments.Read("\"seven\"", typeof(int))).Message.ShouldContain("System.Int32");

    [Fact]
    public void An_argument_that_cannot_be_written_is_told_by_name() =>
        Should.Throw<ArgumentException>(() => _arguments.ToInvocation(JobCall.Of(() => Loops.Take(new Loop())))).Message.ShouldContain("argument 'loop'");

    [Fact]
    public void Tokens_and_contexts_are_stored_as_null() =>
        _arguments.ToInvocation(JobCall.Of<AllTypes>(x => x.Tokens(1, CancellationToken.None, "x"))).Arguments.ShouldBe(["1", null, "\"x\""]);

    public static class Loops
    {
        public static void Take(Loop loop) => ArgumentNullException.ThrowIfNull(loop);
    }

    public class Loop
    {
        public Loop Self => this;
    }
}
