namespace JobRunner.Jobs.Tests;

/// <summary>Hangfire's rules for what follows a failure.</summary>
public class RetryRulesTests
{
    static readonly DateTimeOffset _now = DateTimeOffset.UnixEpoch;

    [Fact]
    public void A_job_that_is_deleted_when_retries_are_used_up_says_so_and_keeps_its_exception()
    {
        var state = Next(new RetryPolicy(2) { OnAttemptsExceeded = AttemptsExceeded.Delete }, 3, new TimeoutException("too \"late\"")).ShouldNotBeNull();
        state.Name.ShouldBe("Deleted");
        state.Reason.ShouldBe("Exceeded the maximum number of retry attempts.");
        state.Data["Exception"].ShouldBe("""{"e":"System.TimeoutException","m":"too \"late\""}""");
    }

    [Fact]
    public void A_job_without_retries_that_is_deleted_says_that() =>
        Next(new RetryPolicy(0) { OnAttemptsExceeded = AttemptsExceeded.Delete }, 1, new TimeoutException())!.Reason
            .ShouldBe("Retries were disabled for this job.");

    [Theory]
    [InlineData(typeof(IOException), true)]
    [InlineData(typeof(DirectoryNotFoundException), true)]
    [InlineData(typeof(FileNotFoundException), false)]
    [InlineData(typeof(TimeoutException), false)]
    public void Only_exceptions_that_the_rules_name_are_retried(Type exception, bool retried)
    {
        var policy = new RetryPolicy { OnlyOn = ["System.IO.IOException"], ExceptOn = ["System.IO.FileNotFoundException"] };
        (Next(policy, 1, (Exception)Activator.CreateInstance(exception)!) is not null).ShouldBe(retried);
    }

    [Fact]
    public void An_exception_that_the_rules_leave_out_is_not_deleted_either() =>
        Next(new RetryPolicy(0) { OnlyOn = ["System.IO.IOException"], OnAttemptsExceeded = AttemptsExceeded.Delete }, 1, new TimeoutException())
            .ShouldBeNull();

    [Fact]
    public void An_exception_that_is_known_by_name_alone_is_compared_along_its_loaded_types()
    {
        new ExceptionInfo("System.IO.DirectoryNotFoundException", "m", "d").IsA("System.IO.IOException").ShouldBeTrue();
        new ExceptionInfo("No.Such.Exception", "m", "d").IsA("System.Exception").ShouldBeFalse();
        new ExceptionInfo("No.Such.Exception", "m", "d").IsA("No.Such.Exception").ShouldBeTrue();
        new ExceptionInfo("No.Such.Exception", "m", "d", "A.B;System.Exception").IsA("A.B").ShouldBeTrue();
    }

    [Fact]
    public void A_delay_never_leaves_the_calendar() =>
        RetryPolicy.Default.Delay(int.MaxValue, Random.Shared).ShouldBe(TimeSpan.FromSeconds(int.MaxValue));

    static JobState? Next(RetryPolicy policy, int retry, Exception exception) =>
        policy.Next(retry, ExceptionInfo.From(exception), () => "default", _now, Random.Shared);
}
