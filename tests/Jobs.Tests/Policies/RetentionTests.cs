namespace JobRunner.Jobs.Tests;

public class RetentionTests
{
    static readonly JobState _succeeded = JobState.Succeeded(default, default, default, null);
    static readonly JobState _deleted = JobState.Deleted(default);
    static readonly JobState _failed = JobState.Failed(default, new("E", "", ""), null);

    [Fact]
    public void By_default_ended_jobs_are_kept_for_a_day_and_failed_ones_until_somebody_looks() =>
        Of(new(), nameof(Jobs.Plain)).ShouldBe([TimeSpan.FromDays(1), TimeSpan.FromDays(1), null]);

    [Fact]
    public void The_options_say_so_for_each_end() =>
        Of(new() { Succeeded = Hours(1), Deleted = Hours(2), Failed = Hours(3) }, nameof(Jobs.Plain)).ShouldBe([Hours(1), Hours(2), Hours(3)]);

    [Fact]
    public void An_attribute_wins_over_the_options_in_what_it_says() =>
        Of(new() { Succeeded = Hours(1), Deleted = Hours(2), Failed = Hours(3) }, nameof(Jobs.Brief)).ShouldBe([Hours(0.5), Hours(2), TimeSpan.FromDays(30)]);

    [Fact]
    public void Failed_jobs_of_a_method_can_be_kept_although_others_go() =>
        Of(new() { Failed = Hours(3) }, nameof(Jobs.Kept))[2].ShouldBeNull();

    [Fact]
    public void It_may_stand_on_the_class_and_on_an_interface()
    {
        Policy<Marked>(nameof(Marked.Run)).Retention!.Deleted.ShouldBe(Hours(4));
        Policy<Implementation>(nameof(Implementation.Run)).Retention!.Succeeded.ShouldBe(Hours(5));
    }

    [Theory]
    [InlineData(nameof(Jobs.Nonsense), "[Retention(Succeeded = \"soon\")]", "'soon' is not a duration")]
    [InlineData(nameof(Jobs.Negative), "[Retention(Deleted = \"-1h\")]", "not a duration")]
    [InlineData(nameof(Jobs.TooShort), "[Retention(Succeeded = \"10s\")]", "between 00:01:00 and 3650 days")]
    [InlineData(nameof(Jobs.TooLong), "[Retention(Failed = \"99999d\")]", "between 00:01:00 and 3650 days")]
    public void Nonsense_is_told_with_its_words(string method, string expected, string rule)
    {
        var message = Should.Throw<FormatException>(() => Policy<Jobs>(method)).Message;
        message.ShouldContain(expected);
        message.ShouldContain(rule);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-5)]
    [InlineData(24 * 4000)]
    public void An_option_out_of_bounds_is_refused_by_its_name(int hours) =>
        Should.Throw<ArgumentException>(() => new RetentionRule(new() { Failed = Hours(hours) })).Message
            .ShouldContain("JobRunner:Retention:Failed is ");

    [Fact]
    public void A_stored_call_is_enough_where_its_type_is_known_and_counts_for_nothing_where_it_is_not()
    {
        var rule = new RetentionRule(new() { Succeeded = Hours(1) }, new JobMethods(new TypeResolver([typeof(Jobs).Assembly])));

        rule.Of(_succeeded, Call(typeof(Jobs), nameof(Jobs.Brief))).ShouldBe(Hours(0.5));
        rule.Of(_succeeded, Call(typeof(Jobs), "Gone")).ShouldBe(Hours(1));
        rule.Of(_succeeded, Call(typeof(Jobs), nameof(Jobs.Nonsense))).ShouldBe(Hours(1));
        rule.Of(_succeeded, Call(typeof(Uri), "ToString")).ShouldBe(Hours(1));
        rule.Of(JobState.Enqueued("default", default), Call(typeof(Jobs), nameof(Jobs.Brief))).ShouldBeNull();
    }

    static TimeSpan? Hours(double hours) => TimeSpan.FromHours(hours);

    static TimeSpan?[] Of(RetentionOptions options, string method)
    {
        var (rule, policy) = (new RetentionRule(options), Policy<Jobs>(method));
        return [rule.Of(_succeeded, policy), rule.Of(_deleted, policy), rule.Of(_failed, policy)];
    }

    static JobPolicy Policy<T>(string method) => new JobMethod(typeof(T), typeof(T).GetMethod(method)!).Policy;

    static Invocation Call(Type type, string method) => new($"{type.FullName}, {type.Assembly.GetName().Name}", method, [], []);

    public class Jobs
    {
        public static void Plain()
        {
        }

        [Retention(Succeeded = "30m", Failed = "30d")]
        public static void Brief()
        {
        }

        [Retention(Failed = "never")]
        public static void Kept()
        {
        }

        [Retention(Succeeded = "soon")]
        public static void Nonsense()
        {
        }

        [Retention(Deleted = "-1h")]
        public static void Negative()
        {
        }

        [Retention(Succeeded = "10s")]
        public static void TooShort()
        {
        }

        [Retention(Failed = "99999d")]
        public static void TooLong()
        {
        }
    }

    [Retention(Deleted = "04:00:00")]
    public class Marked
    {
        public static void Run()
        {
        }
    }

    [Retention(Succeeded = "5h")]
    public interface IMarked
    {
        void Run();
    }

    public class Implementation : IMarked
    {
        public void Run()
        {
        }
    }
}
