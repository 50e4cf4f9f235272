using System.Globalization;
using JobRunner.TestSupport;

namespace JobRunner.Jobs.Tests.Cron;

/// <summary>The rows of <c>occurrences.txt</c>, which a naive walk through time has worked out.</summary>
public class CronTableTests
{
    const string None = "none";

    public static TheoryData<string> Rows =>
        [.. File.ReadLines(Repo.PathOf("tests", "Jobs.Tests", "Cron", "occurrences.txt")).Where(line => line.Length > 0 && line[0] != '#')];

    [Fact]
    public void The_table_is_read() => Rows.Count.ShouldBeGreaterThan(200);

    [Theory]
    [MemberData(nameof(Rows))]
    public void The_next_occurrences_are_those_of_the_table(string row)
    {
        var (cron, zone, at, expected) = Read(row);
        foreach (var next in expected)
        {
            at = cron.GetNext(at, zone).ShouldNotBeNull();
            at.ShouldBe(next);
            at.Offset.ShouldBe(next.Offset);
        }
        if (expected.Count == 0)
            cron.GetNext(at, zone).ShouldBeNull();
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public void The_previous_occurrences_lead_back(string row)
    {
        var (cron, zone, from, expected) = Read(row);
        foreach (var (later, earlier) in expected.Skip(1).Reverse().Zip(expected.SkipLast(1).Reverse()))
            cron.GetPrevious(later, zone).ShouldBe(earlier);
        if (expected.Count > 0)
            (cron.GetPrevious(expected[0], zone) <= from).ShouldNotBe(false);
        else
            cron.GetPrevious(from, zone).ShouldBeNull();
    }

    static (CronExpression Cron, TimeZoneInfo Zone, DateTimeOffset From, List<DateTimeOffset> Expected) Read(string row)
    {
        var cells = row.Split('|', StringSplitOptions.TrimEntries);
        var expected = cells[3].Split(' ').Where(cell => cell != None).Select(Instant);
        return (CronExpression.Parse(cells[0]), TimeZoneInfo.FindSystemTimeZoneById(cells[1]), Instant(cells[2]), [.. expected]);
    }

    static DateTimeOffset Instant(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
}
