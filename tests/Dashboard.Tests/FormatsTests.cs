using JobRunner.Dashboard.Formats;
using JobRunner.Storage;

namespace JobRunner.Dashboard.Tests;

public sealed class FormatsTests
{
    [Theory]
    [InlineData("System.String", "string")]
    [InlineData("Acme.Shop.Checkout+Handler, Acme.Shop", "Handler")]
    [InlineData("System.Int32[]", "int[]")]
    [InlineData("System.Nullable`1[[System.Guid]], mscorlib", "Guid?")]
    [InlineData("System.Collections.Generic.List`1[[System.Int32]], mscorlib", "List<int>")]
    [InlineData("System.Collections.Generic.Dictionary`2[[System.String],[Acme.A`1[[Acme.B, Acme]], Acme]], mscorlib", "Dictionary<string, A<B>>")]
    [InlineData("Acme.A`1[[Acme.B, Acme, Version=1.0.0.0]][], Acme, Version=1.0.0.0", "A<B>[]")]
    [InlineData("Acme.A`1[[", "Acme.A`1[[")]
    [InlineData("[[[[[[[[[[[[[[[[[[[[[[", "[[[[[[[[[[[[[[[[[[[[[[")]
    [InlineData("", "")]
    public void A_type_reads_as_C_sharp_writes_it(string stored, string shown) => TypeDisplay.Short(stored).ShouldBe(shown);

    [Theory]
    [InlineData(0, "under 1 ms")]
    [InlineData(0.25, "250 ms")]
    [InlineData(9.99, "9.9 s")]
    [InlineData(59.9, "59 s")]
    [InlineData(184, "3 min 4 s")]
    [InlineData(7200, "2 h")]
    [InlineData(100_000, "1 d 3 h")]
    [InlineData(-5, "under 1 ms")]
    public void A_duration_has_two_units_at_most(double seconds, string shown) =>
        Durations.Format(TimeSpan.FromSeconds(seconds)).ShouldBe(shown);

    [Theory]
    [InlineData(-0.4, "just now")]
    [InlineData(-42, "42 s ago")]
    [InlineData(95, "in 1 min")]
    [InlineData(-200_000, "2 d ago")]
    public void An_instant_is_told_by_its_distance(double seconds, string shown)
    {
        var now = TimeProvider.System.GetUtcNow();

        Durations.Relative(now.AddSeconds(seconds), now).ShouldBe(shown);
    }

    [Fact]
    public void A_call_reads_as_code()
    {
        var call = new Invocation("Acme.Mail.Mailer, Acme", "Send",
            ["System.String", "System.Int32", "System.Threading.CancellationToken, mscorlib", "JobRunner.IJobContext, JobRunner.Jobs", "System.DateTime"],
            ["\"a \\\"b\\\"\"", "3", null, null, "\"2026-01-02\""]);

        string.Concat(CallText.Pieces(call).Select(piece => piece.Text)).ShouldBe(
            "using Acme.Mail;\n\nMailer.Send(\"a \\\"b\\\"\", 3, CancellationToken.None, context, DateTime \"2026-01-02\");");
        CallText.Arguments(call, 12).ShouldBe("(\"a \\\"b\\\"\",…");
    }

    [Fact]
    public void Half_a_character_is_never_shown()
    {
        Cut.ToLine("ab😀cd", 4).ShouldBe("ab…");
        Cut.ToLength("ab😀cd", 3).ShouldStartWith("ab\n…");
        Cut.ToLine(" a\n\tb\0 ", 9).ShouldBe("a b");
    }

    [Theory]
    [InlineData(10_000, "≈ 10,000")]
    [InlineData(1_234_567, "≈ 1,230,000")]
    [InlineData(999_999, "≈ 1,000,000")]
    public void An_estimate_says_so_and_has_three_digits(long estimated, string shown)
    {
        var counts = new StoreCounts(new Dictionary<string, long> { [JobStates.Enqueued] = estimated, [JobStates.Failed] = 12_345 }, 500, 1,
            new Dictionary<string, long> { ["a"] = 20, ["b"] = 19 })
        {
            Estimated = new HashSet<string> { JobStates.Enqueued }, RetriesBound = 500, QueueBound = 20,
        };

        CountTexts.OfState(counts, JobStates.Enqueued).ShouldBe(shown);
        CountTexts.OfState(counts, JobStates.Failed).ShouldBe("12,345");
        (CountTexts.OfRetries(counts), CountTexts.OfWaiting(counts)).ShouldBe(("500+", shown));
        counts.Queues.Values.Select(waiting => CountTexts.OfQueue(counts, waiting)).ShouldBe(["20+", "19"]);
        CountTexts.Inexact(counts).ShouldBe(new Dictionary<string, string> { ["Enqueued"] = shown, ["retries"] = "500+", ["waiting"] = shown }, ignoreOrder: true);
        CountTexts.Inexact(counts with { Estimated = new HashSet<string>(), RetriesBound = 501, QueueBound = 21 }).ShouldBeEmpty();
    }
}
