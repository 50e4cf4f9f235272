namespace JobRunner.Jobs.Tests.Cron;

/// <summary>Random expressions, zones and years against <see cref="NaiveCron"/>. Each failure names its seed.</summary>
public class CronPropertyTests
{
    const int Batches = 12;
    const int CasesInBatch = 60;

    // No window has so many; a search that stands still then fails rather than hangs.
    const int MoreThanAny = 10_000;

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, Batches)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Next_and_previous_find_what_walking_through_the_time_finds(int batch) => ForEachCase(batch, (expression, zone, from, name) =>
    {
        var cron = CronExpression.Parse(expression);
        var until = from + WindowOf(expression);
        List<DateTimeOffset> expected = [.. new NaiveCron(expression).Between(from, until, zone)];

        Forward(cron, from, until, zone).ShouldBe(expected, name);
        Backward(cron, until, from, zone).ShouldBe(Enumerable.Reverse(expected), name);
    });

    [Theory]
    [MemberData(nameof(Seeds))]
    public void An_occurrence_is_its_own_inclusive_next_and_previous(int batch) => ForEachCase(batch, (expression, zone, from, name) =>
    {
        var cron = CronExpression.Parse(expression);
        if (cron.GetNext(from, zone) is not { } at)
            return;
        cron.GetPrevious(at, zone, inclusive: true).ShouldBe(at, name);
        cron.GetPrevious(at.AddTicks(1), zone).ShouldBe(at, name);
        // What only stands in for a time in a gap is not found again from the end of the gap, as in Cronos.
        var byItself = new NaiveCron(expression).Matches(at.DateTime);
        cron.GetNext(at, zone, inclusive: true).ShouldBe(byItself ? at : cron.GetNext(at, zone), name);
    });

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Days_are_the_days_of_the_calendar(int batch)
    {
        var random = new RandomCron(-batch);
        for (var i = 0; i < CasesInBatch; i++)
        {
            var dates = random.Dates();
            var (from, naive) = (random.Instant().UtcDateTime.Date, new NaiveCron("0 0 " + dates));
            var expected = Enumerable.Range(0, 1500).Select(days => from.AddDays(days)).Where(naive.MatchesDate);
            CronExpression.Parse("0 0 " + dates)
                .GetOccurrences(new(from, TimeSpan.Zero), new(from.AddDays(1500), TimeSpan.Zero), TimeZoneInfo.Utc)
                .Select(at => at.DateTime).ShouldBe(expected, $"batch {batch}, case {i}: '0 0 {dates}' from {from:yyyy-MM-dd}");
        }
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Every_expression_has_a_description(int batch)
    {
        var random = new RandomCron(batch);
        for (var i = 0; i < 500; i++)
        {
            var expression = random.Expression();
            var text = CronExpression.Parse(expression).Describe();
            text.ShouldMatch("^(At|Every|On the hour) ?[A-Za-z0-9:,() ]+$", expression);
            text.ShouldNotContain("  ", Case.Sensitive, expression);
        }
    }

    static void ForEachCase(int batch, Action<string, TimeZoneInfo, DateTimeOffset, string> check)
    {
        for (var i = 0; i < CasesInBatch; i++)
        {
            var random = new RandomCron(batch * 1000 + i);
            var (expression, zone) = (random.Expression(), random.Zone());
            var from = random.Instant(zone);
            check(expression, zone, from, $"seed {batch * 1000 + i}: '{expression}' in {zone.Id} from {from:u}");
        }
    }

    // Long enough to see a change of the clocks; with seconds the walk is sixty times as slow.
    static TimeSpan WindowOf(string expression) => TimeSpan.FromHours(expression.Count(c => c == ' ') == 5 ? 2 : 40);

    static List<DateTimeOffset> Forward(CronExpression cron, DateTimeOffset from, DateTimeOffset until, TimeZoneInfo zone) =>
        [.. cron.GetOccurrences(from, until, zone, fromInclusive: false, toInclusive: true).Take(MoreThanAny)];

    static List<DateTimeOffset> Backward(CronExpression cron, DateTimeOffset from, DateTimeOffset until, TimeZoneInfo zone)
    {
        List<DateTimeOffset> found = [];
        for (var at = cron.GetPrevious(from, zone, inclusive: true); at > until && found.Count < MoreThanAny; at = cron.GetPrevious(at.Value, zone))
            found.Add(at.Value);
        return found;
    }
}
