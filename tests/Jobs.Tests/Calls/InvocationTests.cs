using System.Text.Json.Nodes;
using JobRunner.TestSupport;
using Shop.Contracts;

namespace JobRunner.Jobs.Tests;

/// <summary>Hangfire's invocation format, against rows that the real one wrote.</summary>
public class InvocationTests
{
    static readonly TypeResolver _types = new([typeof(StaticJobs).Assembly]);
    static readonly ArgumentSerializer _arguments = new(_types);

    public static TheoryData<string> AllScenarios => [.. Recorded.Scenarios];

    public static TheoryData<string> LoadableScenarios => [.. Recorded.Scenarios.Where(name => !name.Contains("unknown-type") && !name.Contains("bad-arguments"))];

    [Theory]
    [MemberData(nameof(AllScenarios))]
    public void A_recorded_call_that_is_read_and_written_again_is_the_same(string scenario)
    {
        foreach (var row in Recorded.Rows(scenario, "job"))
        {
            var data = row.GetProperty("invocationdata").GetRawText();
            var arguments = row.GetProperty("arguments").GetRawText();
            var call = Invocation.Parse(data, arguments);

            JsonNode.DeepEquals(JsonNode.Parse(call.ToArgumentsColumn()), JsonNode.Parse(arguments)).ShouldBeTrue(call.ToArgumentsColumn());
            if (!scenario.Contains("bad-arguments")) // there the two copies of the arguments differ: it was edited by hand
                JsonNode.DeepEquals(JsonNode.Parse(call.ToInvocationData()), JsonNode.Parse(data)).ShouldBeTrue(call.ToInvocationData());
        }
    }

    [Theory]
    [MemberData(nameof(LoadableScenarios))]
    public void Every_recorded_call_finds_its_method_and_its_arguments_can_be_read(string scenario)
    {
        // An application with plain settings writes no $type, so an abstract argument has lost its type: nobody can read it.
        var readable = Recorded.Calls(scenario).Where(_ => scenario != "v110-enqueue-objects");
        foreach (var call in readable)
        {
            var method = new JobMethods(_types).Find(call);
            var serializer = scenario.StartsWith("v180", StringComparison.Ordinal) ? _arguments : new ArgumentSerializer(_types, new());
            foreach (var (parameter, stored) in method.Parameters.Zip(call.Arguments))
                serializer.Read(stored, parameter.ParameterType);
        }
    }

    [Fact]
    public void Our_client_writes_the_same_call_as_Hangfires() => Written(
        JobCall.Of<AllTypes>(x => x.Scalars(true, 255, -5, 9007199254740992, 0.1, 79.50m, 'é', "line\n\"quote\" \u2028 ünï")))
        .ShouldBeOf("v180-enqueue-scalars");

    [Fact]
    public void A_static_call_without_arguments_is_written_as_Hangfire_writes_it() =>
        Written(JobCall.Of(() => StaticJobs.Ping())).ShouldBeOf("v180-enqueue-static");

    [Fact]
    public void A_call_with_a_queue_of_its_own_carries_it() =>
        Written(JobCall.Of(() => StaticJobs.Ping()).OnQueue("critical")).ShouldBeOf("v180-enqueue-queue");

    [Fact]
    public void Types_are_named_as_Hangfires_simple_serializer_names_them()
    {
        foreach (var scenario in Recorded.Scenarios.Where(name => name.StartsWith("v180-enqueue", StringComparison.Ordinal)))
        {
            foreach (var call in Recorded.Calls(scenario))
            {
                TypeNames.Write(_types.JobType(call.Type)).ShouldBe(call.Type);
                foreach (var name in call.ParameterTypes)
                    TypeNames.Write(_types.DataType(name)).ShouldBe(name);
            }
        }
    }

    [Theory]
    [InlineData("""{"Method":"Ping","ParameterTypes":"[]"}""", "has no 'Type'")]
    [InlineData("""{"Type":"T","ParameterTypes":"[]"}""", "has no 'Method'")]
    [InlineData("""[1]""", "cannot be read")]
    [InlineData("""{"Type":"T","Method":"M","ParameterTypes":"{}"}""", "not an array")]
    [InlineData("""{"Type":"T","Method":"M","ParameterTypes":"[1]"}""", "not a string")]
    public void What_is_not_a_stored_call_is_told_by_name(string data, string message) =>
        Should.Throw<FormatException>(() => Invocation.Parse(data, "[]")).Message.ShouldContain(message);

    static WrittenCall Written(JobCall call) => new(_arguments.ToInvocation(call));

    sealed record WrittenCall(Invocation Call)
    {
        public void ShouldBeOf(string scenario)
        {
            var recorded = Recorded.Calls(scenario)[0];
            Call.ToInvocationData().ShouldBe(recorded.ToInvocationData());
        }
    }
}
