using System.Globalization;
using JobRunner.TestSupport;
using Shop.Contracts;

namespace JobRunner.Jobs.Tests;

/// <summary>Every argument that a Hangfire client wrote arrives with its exact value. Rows of both levels are read by the
/// recommended settings, because a worker serves both at once; rows of level 110 by plain ones as well.</summary>
public class RecordedArgumentsTests
{
    static readonly TypeResolver _types = new([typeof(StaticJobs).Assembly]);
    static readonly ArgumentSerializer _recommended = new(_types);
    static readonly ArgumentSerializer _plain = new(_types, new());
    static readonly ArgumentSerializer _atLevel110 = new(_types, null, CompatibilityLevel.V110);

    // What an application configures is how its workers read.
    public static TheoryData<string, string> Readers => new()
    {
        { "v180", "recommended" }, { "v110", "recommended" }, { "v110", "plain" }, { "v110", "level 110" }, { "v180", "level 110" },
    };

    [Theory]
    [MemberData(nameof(Readers))]
    public void Scalars(string level, string reader) => Arguments(level, "enqueue-scalars", reader)
        .ShouldBe([true, (byte)255, -5, 9007199254740992L, 0.1, 79.50m, 'é', "line\n\"quote\" \u2028 ünï"]);

    [Theory]
    [MemberData(nameof(Readers))]
    public void Nulls(string level, string reader) => Arguments(level, "enqueue-nulls", reader).ShouldBe([null, null, null, 3]);

    [Theory]
    [MemberData(nameof(Readers))]
    public void Times_keep_their_kinds(string level, string reader)
    {
        var values = Arguments(level, "enqueue-times", reader);
        ShouldBe(values[0], new DateTime(2026, 3, 29, 1, 30, 0, DateTimeKind.Utc));
        ShouldBe(values[1], new DateTime(2026, 3, 29, 1, 30, 0, DateTimeKind.Utc).ToLocalTime()); // it was written in a zone without offset
        ShouldBe(values[2], new DateTime(2026, 3, 29, 1, 30, 0, DateTimeKind.Unspecified));
        var offset = values[3].ShouldBeOfType<DateTimeOffset>();
        offset.DateTime.ShouldBe(new DateTime(2026, 3, 29, 1, 30, 0));
        offset.Offset.ShouldBe(TimeSpan.FromHours(2));
        values[4..].ShouldBe([new TimeSpan(1, 30, 30), new DateOnly(2026, 3, 29), new TimeOnly(23, 59, 58)]);
    }

    [Theory]
    [MemberData(nameof(Readers))]
    public void Ids(string level, string reader)
    {
        var values = Arguments(level, "enqueue-ids", reader);
        values[0].ShouldBe(Guid.Parse("6f9619ff-8b86-d011-b42d-00c04fc964ff"));
        values[1].ShouldBeOfType<Uri>().OriginalString.ShouldBe("https://example.org/a?b=c&d=e");
        values[2].ShouldBe(Priority.High);
        values[3].ShouldBeOfType<byte[]>().ShouldBe([1, 2, 255]);
        values[4].ShouldBe(new Version(1, 2, 3));
    }

    [Theory]
    [MemberData(nameof(Readers))]
    public void Collections(string level, string reader)
    {
        var values = Arguments(level, "enqueue-collections", reader);
        values[0].ShouldBeOfType<int[]>().ShouldBe([1, 2]);
        values[1].ShouldBeOfType<List<string>>().ShouldBe(["a", null!]);
        values[2].ShouldBeOfType<Dictionary<string, int>>().ShouldBe(new Dictionary<string, int> { ["k"] = 1 });
        values[3].ShouldBeAssignableTo<IEnumerable<long>>().ShouldBe([5L]);
        var jagged = values[4].ShouldBeOfType<int[][]>();
        jagged.Length.ShouldBe(2);
        jagged[0].ShouldBe([1]);
        jagged[1].ShouldBe([2, 3]);
        values[5].ShouldBe((1, "t"));
    }

    [Theory]
    [MemberData(nameof(Readers))]
    public void Arguments_of_generic_types(string level, string reader) =>
        ShouldBeTheOrder(Arguments(level, "enqueue-generic-type", reader).ShouldHaveSingleItem());

    [Theory]
    [MemberData(nameof(Readers))]
    public void Arguments_of_generic_methods(string level, string reader)
    {
        var values = Arguments(level, "enqueue-generic-method", reader);
        values[0].ShouldBe("s");
        values[1].ShouldBeOfType<List<int>>().ShouldBe([1]);
    }

    [Theory]
    [MemberData(nameof(Readers))]
    public void Arguments_of_nested_types(string level, string reader)
    {
        var calls = Recorded.Calls($"{level}-enqueue-nested-types");
        Method(calls[0]).Type.ShouldBe(typeof(Outer.Inner));
        Method(calls[1]).Type.ShouldBe(typeof(Repository<Order>.Nested));
        ShouldBeTheOrder(Arguments(calls[1], reader)[0].ShouldBeOfType<List<Order>>().ShouldHaveSingleItem());
    }

    [Theory]
    [MemberData(nameof(Readers))]
    public void Tokens_are_left_for_the_run(string level, string reader)
    {
        Arguments(level, "enqueue-tokens", reader).ShouldBe([1, null, "z"]);
        Arguments(level, "enqueue-instance-interface", reader).ShouldBe([42, null]);
    }

    [Theory]
    [InlineData("recommended")]
    [InlineData("level 110")]
    public void Objects_keep_the_types_that_were_written(string reader)
    {
        var values = Arguments("v180", "enqueue-objects", reader);
        ShouldBeTheOrder(values[0]);
        ShouldBeTheOrder(values[1]);
        var circle = values[2].ShouldBeOfType<Circle>();
        (circle.Name, circle.Radius).ShouldBe(("c", 2.0));
        var shapes = values[3].ShouldBeOfType<Shape[]>();
        var unnamed = shapes.ShouldHaveSingleItem().ShouldBeOfType<Circle>();
        (unnamed.Name, unnamed.Radius).ShouldBe((null, 1.0)); // the name, being the default, was left out
    }

    [Theory]
    [InlineData("recommended")]
    [InlineData("plain")]
    public void An_abstract_argument_that_lost_its_type_is_told_by_name(string reader)
    {
        var call = Recorded.Calls("v110-enqueue-objects")[0];
        Should.Throw<JobLoadException>(() => Arguments(call, reader)).Message.ShouldStartWith("Argument 'shape' of AllTypes.Objects:");
        ShouldBeTheOrder(Reader(reader).Read(call.Arguments[0], typeof(Order)));
        Reader(reader).Read(call.Arguments[1], typeof(object)).ShouldBeOfType<Newtonsoft.Json.Linq.JObject>()["Id"]!.ToObject<int>().ShouldBe(7);
    }

    static void ShouldBeTheOrder(object? value)
    {
        var order = value.ShouldBeOfType<Order>();
        order.Id.ShouldBe(7);
        order.Customer.ShouldBe("Zoë \"Q\" <b>");
        order.Total.ShouldBe(new Money(12.50m, "EUR"));
        order.Total!.Amount.ToString(CultureInfo.InvariantCulture).ShouldBe("12.50");
        order.Tags.ShouldBe(["a", "b"]);
        ShouldBe(order.PlacedAt, new DateTime(2026, 3, 29, 1, 30, 0, DateTimeKind.Utc));
    }

    static void ShouldBe(object? value, DateTime expected)
    {
        var date = value.ShouldBeOfType<DateTime>();
        date.ShouldBe(expected);
        date.Kind.ShouldBe(expected.Kind);
    }

    static object?[] Arguments(string level, string scenario, string reader) => Arguments(Recorded.Calls($"{level}-{scenario}")[0], reader);

    static object?[] Arguments(Invocation call, string reader) => Reader(reader).ReadAll(Method(call), call);

    static JobMethod Method(Invocation call) => new JobMethods(_types).Find(call);

    static ArgumentSerializer Reader(string name) => name switch
    {
        "recommended" => _recommended,
        "plain" => _plain,
        _ => _atLevel110,
    };
}
