using System.Linq.Expressions;
using System.Reflection;

namespace JobRunner.Jobs.Tests;

public class CallRulesTests
{
    [Fact]
    public void A_private_method_is_refused_because_a_worker_could_not_call_it() =>
        Refusal(() => JobCall.Of(() => Hidden())).ShouldContain("not public");

    [Fact]
    public void A_method_of_a_type_that_is_not_public_is_refused() =>
        Refusal(() => JobCall.Of(() => Internal.Run())).ShouldContain("Internal is not public");

    [Fact]
    public void A_generic_method_definition_is_refused() =>
        Refusal(() => JobCall.Of(typeof(Odd), Method(nameof(Odd.Generic)), [1])).ShouldContain("generic definition");

    [Fact]
    public void A_method_of_a_generic_type_definition_is_refused() =>
        Refusal(() => JobCall.Of(typeof(OddOf<>), typeof(OddOf<>).GetMethod("Run")!, [])).ShouldContain("generic definition");

    [Fact]
    public void A_closed_generic_method_is_accepted() =>
        JobCall.Of(() => Odd.Generic(1)).Arguments.ShouldBe([1]);

    [Fact]
    public void A_delegate_argument_is_refused_because_code_cannot_be_stored() =>
        Refusal(() => JobCall.Of(() => Odd.Callback(null!))).ShouldContain("code cannot be stored");

    [Fact]
    public void An_expression_argument_is_refused() =>
        Refusal(() => JobCall.Of(() => Odd.Expression(null!))).ShouldContain("code cannot be stored");

    [Fact]
    public void A_ref_parameter_is_refused()
    {
        var value = 1;
        Refusal(() => JobCall.Of(() => Odd.Ref(ref value))).ShouldContain("'number' is ref, out or in");
    }

    [Fact]
    public void A_span_parameter_is_refused() =>
        Refusal(() => JobCall.Of(typeof(Odd), Method(nameof(Odd.Span)), [null])).ShouldContain("points into memory");

    [Fact]
    public void An_async_void_method_is_refused_because_nobody_could_know_when_it_ends() =>
        Refusal(() => JobCall.Of(() => Odd.AsyncVoid())).ShouldContain("async void");

    [Fact]
    public void An_expression_that_is_no_call_is_refused() =>
        Refusal(() => JobCall.Of(() => new Odd())).ShouldContain("not a method call");

    [Fact]
    public void A_wrong_number_of_arguments_is_refused() =>
        Refusal(() => JobCall.Of(typeof(Odd), Method(nameof(Odd.Add)), [1])).ShouldContain("takes 2 arguments, and 1 were given");

    [Fact]
    public void An_argument_of_another_type_is_refused() =>
        Refusal(() => JobCall.Of(typeof(Odd), Method(nameof(Odd.Add)), [1, "2"])).ShouldContain("parameter 'b' is a Int32, and a String was given");

    [Fact]
    public void Arguments_are_evaluated_when_the_call_is_made()
    {
        var number = 20;
        var call = JobCall.Of(() => Odd.Add(number + 1, Math.Max(3, number)));
        number = 0;

        call.Arguments.ShouldBe([21, 20]);
    }

    [Fact]
    public void A_call_on_an_instance_at_hand_keeps_its_type()
    {
        var odd = new Odd();
        JobCall.Of(() => odd.Instance()).Type.ShouldBe(typeof(Odd));
    }

    [Fact]
    public void A_call_of_an_interface_keeps_the_interface() =>
        JobCall.Of<IOdd>(x => x.Instance()).Type.ShouldBe(typeof(IOdd));

    [Theory]
    [InlineData("Critical")]
    [InlineData("")]
    [InlineData("a b")]
    public void A_queue_name_outside_Hangfires_rules_is_refused(string queue) =>
        Should.Throw<ArgumentException>(() => JobCall.Of(() => Odd.Add(1, 2)).OnQueue(queue)).Message.ShouldContain("not a queue name");

    static string Refusal(Func<JobCall> call) => Should.Throw<ArgumentException>(() => call()).Message;

    static MethodInfo Method(string name) => typeof(Odd).GetMethod(name)!;

    static void Hidden()
    {
    }

    internal static class Internal
    {
        public static void Run()
        {
        }
    }

    public interface IOdd
    {
        void Instance();
    }

    public class Odd : IOdd
    {
        public static int Add(int a, int b) => a + b;

        public static T Generic<T>(T value) => value;

        public static void Callback(Action callback) => callback();

        public static void Expression(Expression<Action> expression) => expression.Compile()();

        public static void Ref(ref int number) => number++;

        public static void Span(ReadOnlySpan<int> numbers) => numbers.ToArray();

        public static async void AsyncVoid() => await Task.Yield();

        public void Instance()
        {
        }
    }

    public class OddOf<T>
    {
        public static void Run()
        {
        }
    }
}
