using JobRunner.TestSupport;

namespace JobRunner.Jobs.Tests;

/// <summary>Whatever an exception is like, it can be told.</summary>
public class ExceptionInfoTests
{
    public static TheoryData<string> Kinds => [.. OddExceptions.Kinds];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Whatever_an_exception_is_like_it_is_described(string kind)
    {
        var info = ExceptionInfo.From(Thrown(kind));

        info.Type.ShouldBe(OddExceptions.Make(kind).GetType().FullName);
        info.Message.Length.ShouldBeInRange(1, 32_000);
        info.Details.ShouldStartWith(info.Type);
        info.Details.Length.ShouldBeLessThanOrEqualTo(256_000);
        if (kind is not "bad stack" and not "wide" and not "long")
            info.Details.ShouldContain(nameof(Thrown), customMessage: "the stack trace is there");
    }

    [Theory]
    [InlineData("null message", "was thrown")]
    [InlineData("bad message", "System.NotSupportedException")]
    [InlineData("long", "… (cut: it had 20,000,000 characters)")]
    [InlineData("deep", "one of many")]
    public void A_message_that_cannot_be_told_says_why(string kind, string told) => ExceptionInfo.From(Thrown(kind)).Message.ShouldContain(told);

    [Fact]
    public void Too_many_causes_are_told_in_part()
    {
        var details = ExceptionInfo.From(Thrown("deep")).Details;

        details.ShouldStartWith("System.InvalidOperationException: one of many ---> System.InvalidOperationException: one of many ---> ");
        details.ShouldContain("(its causes go on)");
    }

    [Fact]
    public void What_is_cut_is_not_cut_again()
    {
        var once = ExceptionInfo.From(Thrown("long"));

        ExceptionInfo.Of(once.Type, once.Message, once.Details, once.BaseTypes).ShouldBe(once);
    }

    [Fact]
    public void A_retry_of_a_failure_without_a_message_has_a_reason() =>
        RetryPolicy.Default.Next(1, new ExceptionInfo("T", null!, "d"), () => "default", DateTimeOffset.UnixEpoch, Random.Shared)!.Reason
            .ShouldBe("Retry attempt 1 of 10: ");

    static Exception Thrown(string kind)
    {
        try
        {
            throw OddExceptions.Make(kind);
        }
        catch (Exception e)
        {
            return e;
        }
    }
}
