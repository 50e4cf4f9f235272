namespace JobRunner.Jobs.Tests;

public class OwnAttributesTests
{
    [Fact]
    public void A_method_without_attributes_has_Hangfires_defaults()
    {
        var policy = Method<Plain>(nameof(Plain.Run)).Policy;
        policy.Retry.ShouldBe(RetryPolicy.Default);
        policy.Exclusion.ShouldBeNull();
        policy.QueueOf(() => []).ShouldBeNull();
        policy.DisplayNameOf(() => []).ShouldBeNull();
    }

    [Fact]
    public void Our_attributes_say_the_same_as_Hangfires()
    {
        var method = Method<Marked>(nameof(Marked.Run));
        method.Policy.Retry.Attempts.ShouldBe(3);
        method.Policy.Retry.DelaysInSeconds.ShouldBe([1, 2]);
        method.Policy.Retry.OnAttemptsExceeded.ShouldBe(AttemptsExceeded.Delete);
        method.Policy.Retry.OnlyOn.ShouldBe(["System.TimeoutException"]);
        method.Policy.QueueOf(() => [5]).ShouldBe("shard-5");
        method.Policy.DisplayNameOf(() => [5]).ShouldBe("Shard 5");
        method.Policy.Exclusion!.ResourceOf(method, () => [5]).ShouldBe("shard-5");
        method.Policy.Exclusion.Timeout.ShouldBe(TimeSpan.FromSeconds(20));
        method.Attribute<RetryAttribute>()!.ExceptOn.ShouldBe([typeof(IOException)]);
        method.Attribute<RetryAttribute>()!.OnAttemptsExceeded.ShouldBe(AttemptsExceeded.Delete);
    }

    [Fact]
    public void A_resource_may_be_a_property_as_well() =>
        Method<Marked>(nameof(Marked.Other)).Policy.Exclusion!.Pattern.ShouldBe("Other");

    [Fact]
    public void Generic_types_are_named_with_their_arguments_as_Hangfire_does() =>
        new ExclusionRule(null, TimeSpan.Zero).ResourceOf(Method<Generic<int[], Plain>.Inner<string>>("Run"), () => [])
            .ShouldBe("OwnAttributesTests.Generic<Int32[],OwnAttributesTests.Plain>.Inner<String>.Run");

    [Fact]
    public void A_resource_whose_name_is_too_long_for_an_index_is_refused() =>
        Should.Throw<FormatException>(() => new ExclusionRule("{0}", TimeSpan.Zero).ResourceOf(Method<Plain>(nameof(Plain.Run)), () => [new string('é', 1251)]))
            .Message.ShouldContain("2,502 bytes");

    static JobMethod Method<T>(string name) => new(typeof(T), typeof(T).GetMethod(name)!);

    public class Plain
    {
        public static void Run()
        {
        }
    }

    public static class Generic<T1, T2>
    {
        public class Inner<T3>
        {
            public static void Run()
            {
            }
        }
    }

    [Retry(Attempts = 9)]
    public class Marked
    {
        [Retry(Attempts = 3, DelaysInSeconds = [1, 2], OnAttemptsExceeded = AttemptsExceeded.Delete,
            OnlyOn = [typeof(TimeoutException)], ExceptOn = [typeof(IOException)])]
        [Queue("shard-{0}")]
        [JobDisplayName("Shard {0}")]
        [DisableConcurrentExecution("SHARD-{0}", 20)]
        public static void Run(int shard) => ArgumentOutOfRangeException.ThrowIfNegative(shard);

        [DisableConcurrentExecution(5, Resource = "Other")]
        public static void Other()
        {
        }
    }
}
