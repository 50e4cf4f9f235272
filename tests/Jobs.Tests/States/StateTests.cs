using System.Globalization;
using JobRunner.TestSupport;

namespace JobRunner.Jobs.Tests;

public class StateTests
{
    static readonly DateTimeOffset _now = DateTimeOffset.FromUnixTimeMilliseconds(1795212715109);

    static ExceptionInfo Failure(string message) => new("T", message, "d");

    [Theory]
    [InlineData("1795212715109", 1795212715109)]
    [InlineData("1795212715", 1795212715000)]
    [InlineData("2026-11-20T22:11:55.1090000Z", 1795212715109)]
    public void Both_forms_of_dates_are_read(string text, long milliseconds) =>
        HangfireTime.Parse(text).ToUnixTimeMilliseconds().ShouldBe(milliseconds);

    [Theory]
    [InlineData("")]
    [InlineData("UPPER")]
    [InlineData("default\n")]
    public void What_is_no_queue_is_told(string name) =>
        Should.Throw<ArgumentException>(() => QueueName.Require(name)).Message.ShouldContain("is not a queue name");

    [Fact]
    public void A_queue_has_at_most_a_thousand_characters()
    {
        QueueName.Require(new string('q', 1000)).Length.ShouldBe(1000);
        Should.Throw<ArgumentException>(() => QueueName.Require(new string('q', 1001)));
    }

    [Fact]
    public void What_is_no_date_is_told() => Should.Throw<FormatException>(() => HangfireTime.Parse("soon")).Message.ShouldContain("'soon'");

    [Fact]
    public void States_have_the_data_keys_that_Hangfire_writes()
    {
        var exception = new ExceptionInfo("T", "m", "d");
        JobState[] ours =
        [
            JobState.Enqueued("default", _now), JobState.Scheduled(_now, _now), JobState.Processing("server", "worker-id", _now),
            JobState.Succeeded(_now, TimeSpan.Zero, TimeSpan.Zero, "1"), JobState.Failed(_now, exception, "server"), JobState.Deleted(_now),
        ];
        foreach (var state in ours)
            state.Data.Keys.Order().ShouldBe(RecordedKeys(state.Name), state.Name);
    }

    [Theory]
    [InlineData(1, 15, 44)]
    [InlineData(2, 16, 74)]
    [InlineData(5, 271, 416)]
    [InlineData(10, 6576, 6866)]
    public void Retries_wait_as_long_as_Hangfires(int retry, int least, int most)
    {
        RetryPolicy.Default.Delay(retry, new FixedRandom(0)).TotalSeconds.ShouldBe(least);
        RetryPolicy.Default.Delay(retry, new FixedRandom(29)).TotalSeconds.ShouldBe(most);
    }

    [Fact]
    public void Given_delays_win_and_the_last_one_repeats()
    {
        var policy = new RetryPolicy(5, [1, 7]);
        Enumerable.Range(1, 4).Select(retry => policy.Delay(retry, Random.Shared).TotalSeconds).ShouldBe([1, 7, 7, 7]);
    }

    [Fact]
    public void A_retry_without_delay_is_enqueued_at_once() =>
        new RetryPolicy(1, [0]).Next(1, Failure("m"), () => "default", _now, Random.Shared)!.Name.ShouldBe("Enqueued");

    [Fact]
    public void After_the_last_retry_there_is_none() => new RetryPolicy(2).Next(3, Failure("m"), () => "default", _now, Random.Shared).ShouldBeNull();

    [Fact]
    public void A_long_message_is_cut_in_the_reason_as_Hangfire_cuts_it() =>
        RetryPolicy.Default.Next(1, Failure(new string('x', 51)), () => "default", _now, Random.Shared)!.Reason
            .ShouldBe($"Retry attempt 1 of 10: {new string('x', 49)}…");

    [Fact]
    public void A_retry_enters_both_sets()
    {
        var effects = StateEffects.Of("Processing", JobState.Scheduled(_now, _now, "Retry attempt 1 of 10: x"), null);
        effects.AddsRetry.ShouldBeTrue();
        effects.ScheduleScore.ShouldBe(1795212715);
        effects.Counted.ShouldBeNull();
        effects.IsFinal.ShouldBeFalse();
    }

    [Fact]
    public void The_jobs_own_queue_wins_over_default_alone()
    {
        StateEffects.Of(null, JobState.Enqueued("default", _now), "critical").EnqueueTo.ShouldBe("critical");
        StateEffects.Of(null, JobState.Enqueued("low", _now), "critical").EnqueueTo.ShouldBe("low");
        StateEffects.Of(null, JobState.Enqueued("default", _now), null).EnqueueTo.ShouldBe("default");
    }

    [Fact]
    public void Leaving_a_final_state_takes_its_count_and_its_expiry_back()
    {
        var effects = StateEffects.Of("Succeeded", JobState.Enqueued("default", _now), null);
        effects.Uncounted.ShouldBe("succeeded");
        effects.IsFinal.ShouldBeFalse();
    }

    [Theory]
    [InlineData("500ms", 0.5)]
    [InlineData("30s", 30)]
    [InlineData("1.5m", 90)]
    [InlineData("2h", 7200)]
    [InlineData("1d", 86400)]
    [InlineData("00:01:30", 90)]
    public void Durations_are_read_as_people_write_them(string text, double seconds) => Duration.Parse(text).TotalSeconds.ShouldBe(seconds);

    [Theory]
    [InlineData("30")]
    [InlineData("0s")]
    [InlineData("-1s")]
    [InlineData("soon")]
    [InlineData("1 s")]
    [InlineData("")]
    public void What_is_no_duration_is_told(string text) => Should.Throw<FormatException>(() => Duration.Parse(text)).Message.ShouldContain("'30s'");

    [Fact]
    public void Details_of_an_exception_are_cut_after_a_hundred_lines() =>
        ExceptionInfo.FirstLines(string.Join('\n', Enumerable.Range(1, 150).Select(n => n.ToString(CultureInfo.InvariantCulture))))
            .Split('\n').Length.ShouldBe(100);

    static IEnumerable<string> RecordedKeys(string state) => Recorded.Scenarios
        .Where(name => name.StartsWith("v180", StringComparison.Ordinal))
        .SelectMany(name => Recorded.Rows(name, "state"))
        .Where(row => row.GetProperty("name").GetString() == state)
        .Select(row => row.GetProperty("data").EnumerateObject().Select(property => property.Name).Order().ToArray())
        .MaxBy(keys => keys.Length)!;

    sealed class FixedRandom(int value) : Random
    {
        public override int Next(int maxValue) => value;
    }
}
