using System.Diagnostics;

namespace JobRunner.Jobs.Tests.Cron;

public class CronExpressionTests
{
    static readonly TimeZoneInfo _utc = TimeZoneInfo.Utc;
    static readonly DateTimeOffset _noon = new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void The_instant_itself_counts_only_when_inclusive()
    {
        var cron = CronExpression.Parse("* * * * *");
        cron.GetNext(_noon, _utc).ShouldBe(_noon.AddMinutes(1));
        cron.GetNext(_noon, _utc, inclusive: true).ShouldBe(_noon);
        cron.GetPrevious(_noon, _utc).ShouldBe(_noon.AddMinutes(-1));
        cron.GetPrevious(_noon, _utc, inclusive: true).ShouldBe(_noon);
    }

    [Fact]
    public void Fractions_of_a_second_do_not_matter()
    {
        var cron = CronExpression.Parse("* * * * * *");
        cron.GetNext(_noon.AddMilliseconds(999), _utc, inclusive: true).ShouldBe(_noon.AddSeconds(1));
        cron.GetPrevious(_noon.AddMilliseconds(1), _utc).ShouldBe(_noon);
    }

    [Fact]
    public void The_offset_of_the_given_instant_does_not_matter() =>
        CronExpression.Parse("0 13 * * *").GetNext(_noon.ToOffset(TimeSpan.FromHours(-9)), _utc).ShouldBe(_noon.AddHours(1));

    [Theory]
    [InlineData(true, true, 3)]
    [InlineData(true, false, 2)]
    [InlineData(false, true, 2)]
    [InlineData(false, false, 1)]
    public void Both_ends_of_a_span_may_be_left_out(bool from, bool to, int count) =>
        CronExpression.Parse("@hourly").GetOccurrences(_noon, _noon.AddHours(2), _utc, from, to).Count().ShouldBe(count);

    [Fact]
    public void A_span_that_ends_before_it_begins_is_refused_at_once() =>
        Should.Throw<ArgumentOutOfRangeException>(() => CronExpression.Parse("@hourly").GetOccurrences(_noon, _noon.AddHours(-1), _utc));

    [Theory]
    [InlineData("0 0 31 2 *")]
    [InlineData("0 0 30 2 *")]
    [InlineData("0 0 31 4,6,9,11 *")]
    [InlineData("0 0 8 * MON#1")]
    [InlineData("0 0 * * 7-0/2")]
    public void What_never_comes_is_known_soon(string expression)
    {
        var cron = CronExpression.Parse(expression);
        var watch = Stopwatch.StartNew();
        for (var i = 0; i < 100; i++)
        {
            cron.GetNext(_noon, _utc).ShouldBeNull();
            cron.GetPrevious(_noon, _utc).ShouldBeNull();
        }
        watch.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(2));
    }

    [Theory]
    [InlineData("7-3/2", "TUE")]
    [InlineData("7-3", "SUN-WED")]
    [InlineData("7-6/3", "WED,SAT")]
    [InlineData("7/2", "SUN")]
    [InlineData("5-7/2", "FRI,SUN")]
    public void A_range_from_seven_is_read_as_Hangfire_reads_it(string field, string same) =>
        Week(field).ShouldBe(Week(same));

    [Fact]
    public void At_the_ends_of_the_calendar_there_is_no_more()
    {
        var cron = CronExpression.Parse("* * * * * *");
        foreach (var zone in new[] { "UTC", "America/New_York", "Pacific/Kiritimati" }.Select(TimeZoneInfo.FindSystemTimeZoneById))
        {
            cron.GetNext(DateTimeOffset.MaxValue, zone).ShouldBeNull();
            cron.GetPrevious(DateTimeOffset.MinValue, zone).ShouldBeNull();
            CronExpression.Parse("0 0 1 1 *").GetNext(new(9999, 12, 31, 0, 0, 0, TimeSpan.Zero), zone).ShouldBeNull();
            CronExpression.Parse("59 23 31 12 *").GetPrevious(new(1, 1, 1, 0, 0, 0, TimeSpan.Zero), zone).ShouldBeNull();
        }
    }

    static List<DayOfWeek> Week(string field) =>
        [.. CronExpression.Parse($"0 0 * * {field}").GetOccurrences(_noon, _noon.AddDays(7), _utc).Select(at => at.DayOfWeek)];
}
