using System.Reflection;
using Shop.Legacy;

namespace JobRunner.Jobs.Tests;

/// <summary>Hangfire's attributes on a user's own methods, where Hangfire itself is absent.</summary>
public class HangfireAttributesTests
{
    [Fact]
    public void Hangfire_is_not_there_and_reflection_alone_would_throw()
    {
        Should.Throw<FileNotFoundException>(() => Assembly.Load("Hangfire.Core"));
        Should.Throw<FileNotFoundException>(() => typeof(LegacyJobs).GetMethod(nameof(LegacyJobs.BothAsync))!.GetCustomAttribute<SandboxedAttribute>());
    }

    [Fact]
    public void Retries_of_the_method_win_over_those_of_its_type()
    {
        var policy = Policy(nameof(LegacyJobs.MailAsync)).Retry;
        policy.Attempts.ShouldBe(0);
        policy.OnAttemptsExceeded.ShouldBe(AttemptsExceeded.Delete);
        policy.DelaysInSeconds.ShouldBeNull();
    }

    [Fact]
    public void Retries_of_the_type_hold_for_methods_that_say_nothing()
    {
        var policy = Policy(nameof(LegacyJobs.EchoAsync)).Retry;
        policy.Attempts.ShouldBe(4);
        policy.DelaysInSeconds.ShouldBe([3, 5]);
        policy.OnAttemptsExceeded.ShouldBe(AttemptsExceeded.Fail);
    }

    [Fact]
    public void Exceptions_are_known_by_their_names()
    {
        var policy = Policy(nameof(LegacyJobs.Import)).Retry;
        policy.Attempts.ShouldBe(10);
        policy.OnlyOn.ShouldBe(["System.IO.IOException", "Shop.Legacy.LegacyException"]);
        policy.ExceptOn.ShouldBe(["System.IO.FileNotFoundException"]);
    }

    [Fact]
    public void Queue_and_name_are_filled_with_the_arguments()
    {
        var policy = Policy(nameof(LegacyJobs.MailAsync));
        policy.QueueOf(() => ["eu", 7]).ShouldBe("mail-eu");
        policy.DisplayNameOf(() => ["eu", 7]).ShouldBe("Mail to eu, 07");
        Policy(nameof(LegacyJobs.EchoAsync)).QueueOf(() => throw new InvalidOperationException("not needed")).ShouldBe("reports");
    }

    [Fact]
    public void A_filled_name_that_is_no_queue_is_refused() =>
        Should.Throw<ArgumentException>(() => Policy(nameof(LegacyJobs.MailAsync)).QueueOf(() => ["EU", 7])).Message.ShouldContain("'mail-EU'");

    [Fact]
    public void Resources_are_named_as_Hangfire_names_them()
    {
        var mail = Policy(nameof(LegacyJobs.MailAsync)).Exclusion.ShouldNotBeNull();
        mail.Timeout.ShouldBe(TimeSpan.FromSeconds(30));
        mail.ResourceOf(Method<LegacyJobs>(nameof(LegacyJobs.MailAsync)), () => ["EU", 7]).ShouldBe("mail-eu");

        var import = Policy(nameof(LegacyJobs.Import)).Exclusion.ShouldNotBeNull();
        import.Timeout.ShouldBe(TimeSpan.FromSeconds(60));
        import.ResourceOf(Method<LegacyJobs>(nameof(LegacyJobs.Import)), () => [true]).ShouldBe("LegacyJobs.Import");
    }

    [Fact]
    public void Our_attribute_wins_over_Hangfires_beside_it()
    {
        Policy(nameof(LegacyJobs.BothAsync)).Retry.Attempts.ShouldBe(2);
        Method<LegacyJobs>(nameof(LegacyJobs.BothAsync)).Attribute<SandboxedAttribute>()!.TimeLimitSpan.ShouldBe(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public void An_override_and_a_derived_type_inherit()
    {
        var policy = Method<DerivedLegacyJobs>(nameof(LegacyJobs.MailAsync)).Policy;
        policy.Retry.Attempts.ShouldBe(0);
        policy.QueueOf(() => ["eu", 1]).ShouldBe("mail-eu");
    }

    [Fact]
    public void An_interface_counts_last() => Method<ImplementedLegacyJobs>(nameof(ILegacyJobs.Run)).Policy.Retry.Attempts.ShouldBe(1);

    [Fact]
    public void Attributes_that_derive_from_Hangfires_mean_what_their_constructors_say()
    {
        var policy = Method<DerivedAttributeJobs>(nameof(DerivedAttributeJobs.ReportAsync)).Policy;

        policy.Exclusion.ShouldBe(new ExclusionRule("One-{0}", TimeSpan.FromSeconds(90)));
        (policy.Retry.Attempts, policy.Retry.OnAttemptsExceeded).ShouldBe((2, AttemptsExceeded.Delete));
        policy.Retry.DelaysInSeconds.ShouldBe([7, 9]);
        policy.QueueOf(() => ["eu"]).ShouldBe("reports-eu");
        policy.DisplayNameOf(() => ["eu"]).ShouldBe("Report eu");
    }

    [Fact]
    public void What_is_said_where_a_derived_attribute_is_used_wins_and_the_way_to_the_base_may_be_long()
    {
        var policy = Method<DerivedAttributeJobs>(nameof(DerivedAttributeJobs.WaitAsync)).Policy;

        policy.Exclusion.ShouldBe(new ExclusionRule(null, TimeSpan.FromSeconds(600)));
        (policy.Retry.Attempts, policy.Retry.OnAttemptsExceeded).ShouldBe((3, AttemptsExceeded.Delete));
    }

    [Fact]
    public void A_call_of_such_a_method_can_be_made_and_written() =>
        new ArgumentSerializer(new TypeResolver([])).ToInvocation(JobCall.Of<LegacyJobs>(x => x.MailAsync("eu", 1))).Method.ShouldBe("MailAsync");

    [Fact]
    public void Modules_are_found_beside_types_that_cannot_be_loaded()
    {
        Should.Throw<ReflectionTypeLoadException>(() => typeof(LegacyJobs).Assembly.GetTypes());
        new JobRunnerOptions().AddAssembly(typeof(LegacyJobs).Assembly).Modules.ShouldHaveSingleItem().ShouldBeOfType<LegacyModule>();
    }

    [Fact]
    public void A_method_is_found_beside_others_that_take_Hangfires_types() =>
        Find("PlainAsync").Method.Name.ShouldBe("PlainAsync");

    [Theory]
    [InlineData("WithContextAsync", "Hangfire.Server.PerformContext, Hangfire.Core", "PerformContext")]
    [InlineData("WithToken", "Hangfire.IJobCancellationToken, Hangfire.Core, Version=1.8.24.0", "IJobCancellationToken")]
    public void A_method_that_takes_what_only_Hangfires_server_can_give_is_refused_with_advice(string method, string type, string named)
    {
        var message = Should.Throw<JobLoadException>(() => Find(method, type)).Message;
        message.ShouldContain($"takes Hangfire's {named}");
        message.ShouldContain("IJobContext");
    }

    static JobMethod Find(string method, params string[] types) =>
        new JobMethods(new([typeof(LegacyJobs).Assembly])).Find(new("Shop.Legacy.ContextJobs, Shop.Legacy", method, types, []));

    static JobPolicy Policy(string method) => Method<LegacyJobs>(method).Policy;

    static JobMethod Method<T>(string name) => new(typeof(T), typeof(T).GetMethod(name)!);
}
