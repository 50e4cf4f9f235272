using JobRunner.Storage;

namespace JobRunner.Jobs.Tests.Recurring;

/// <summary>What is decided about a recurring job that is due. Now is always 2026-11-20, a quarter of a second after 12:00:00.</summary>
public sealed class RecurringScheduleTests
{
    const string EverySecond = "* * * * * *";
    const string EveryMinute = "* * * * *";

    static readonly DateTimeOffset _noon = new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero);
    static readonly DateTimeOffset _now = _noon.AddMilliseconds(250);
    static readonly RecurringRules _rules = new(_ => true, TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(15));

    // Seconds are told from noon; the last execution and the occurrences that are due, and the next one.
    [Theory]
    [InlineData(EverySecond, Misfire.Relaxed, -1, "0.25", 1)]
    [InlineData(EverySecond, Misfire.Relaxed, -3600, "0.25", 1)]
    [InlineData(EverySecond, Misfire.Relaxed, 0, "", 1)]
    [InlineData(EverySecond, Misfire.Relaxed, 3, "", 4)] // by a server whose clock is ahead
    [InlineData(EverySecond, Misfire.Strict, -1, "0", 1)]
    [InlineData(EverySecond, Misfire.Strict, -3, "-2 -1 0", 1)]
    [InlineData(EverySecond, Misfire.Strict, 0, "", 1)]
    [InlineData(EverySecond, Misfire.Ignorable, -3, "-2 -1 0", 1)]
    [InlineData(EveryMinute, Misfire.Relaxed, -60, "0.25", 60)]
    [InlineData(EveryMinute, Misfire.Relaxed, -600, "0.25", 60)]
    [InlineData(EveryMinute, Misfire.Strict, -150, "-120 -60 0", 60)]
    [InlineData(EveryMinute, Misfire.Ignorable, -150, "0", 60)]
    [InlineData(EveryMinute, Misfire.Ignorable, -1, "0", 60)]
    [InlineData("31 59 11 20 11 *", Misfire.Ignorable, -31, "-29", 31_536_000 - 29)] // just within the 30 s
    [InlineData("30 59 11 20 11 *", Misfire.Ignorable, -60, "", 31_536_000 - 30)] // just not
    [InlineData("30 59 11 20 11 *", Misfire.Strict, -60, "-30", 31_536_000 - 30)]
    [InlineData("0 0 31 2 *", Misfire.Relaxed, -60, "", null)]
    public void Occurrences_are_counted_from_the_last_execution(string cron, Misfire misfire, int last, string due, int? next)
    {
        var change = Decide(Row(("Cron", cron), ("Misfire", $"{(int)misfire}"), ("LastExecution", At(last))));

        Seconds(change.Jobs.Select(job => job.Parameters["Time"]!)).ShouldBe(due.Replace("0.25", "0"));
        change.Score.ShouldBe(next is { } seconds ? _noon.AddSeconds(seconds).ToUnixTimeSeconds() : -1);
        change.Fields.GetValueOrDefault("NextExecution", "").ShouldBe(next is { } at ? At(at) : "");
        if (due.Length > 0)
            change.Fields["LastExecution"].ShouldBe(due == "0.25" ? HangfireTime.Format(_now) : At(int.Parse(due.Split(' ')[^1])));
        else
            change.Fields.Keys.ShouldNotContain("LastExecution");
    }

    [Theory]
    [InlineData("CreatedAt", 0, "0")]
    [InlineData("CreatedAt", -2, "-2 -1 0")]
    [InlineData("V", 0, "0")] // neither one nor the other: a second before now
    public void A_job_that_never_ran_is_counted_from_the_second_before_it_was_added(string field, int at, string due)
    {
        var change = Decide(Row(("Cron", EverySecond), ("Misfire", "1"), (field, field == "V" ? "2" : At(at))));

        Seconds(change.Jobs.Select(job => job.Parameters["Time"]!)).ShouldBe(due);
    }

    [Fact]
    public void What_a_strict_job_missed_comes_in_portions_and_none_is_left_out()
    {
        var fields = Fields(("Cron", EverySecond), ("Misfire", "1"), ("LastExecution", At(-250)));
        var times = new List<string>();
        for (var round = 0; round < 3; round++)
        {
            var change = Decide(new("r", fields, _now));
            times.AddRange(change.Jobs.Select(job => job.Parameters["Time"]!));
            change.HasMore(_now).ShouldBe(round < 2);
            foreach (var (field, value) in change.Fields)
                fields[field] = value;
        }

        times.ShouldBe(Enumerable.Range(-249, 250).Select(i => $"{_noon.AddSeconds(i).ToUnixTimeSeconds()}"));
    }

    [Fact]
    public void Two_schedulers_one_after_the_other_enqueue_an_occurrence_once()
    {
        var fields = Fields(("Cron", EverySecond), ("LastExecution", At(-1)));
        var first = Decide(new("r", fields, _now));
        foreach (var (field, value) in first.Fields)
            fields[field] = value;

        first.Jobs.Count.ShouldBe(1);
        Decide(new("r", fields, _now.AddSeconds(-3))).Jobs.ShouldBeEmpty();
        Decide(new("r", fields, _now.AddMilliseconds(500))).Jobs.ShouldBeEmpty();
        Decide(new("r", fields, _now.AddSeconds(1))).Jobs.Count.ShouldBe(1);
    }

    [Fact]
    public void The_job_is_that_of_Hangfires_scheduler()
    {
        var job = Decide(Row(("Cron", EverySecond), ("Queue", "low"), ("LastExecution", At(-1)))).Jobs.ShouldHaveSingleItem();

        job.Invocation.Method.ShouldBe("Ping");
        job.Invocation.Queue.ShouldBe("critical");
        job.State.Name.ShouldBe("Enqueued");
        job.State.Reason.ShouldBe("Triggered by recurring job scheduler");
        job.State.Data["Queue"].ShouldBe("low");
        job.Parameters["RecurringJobId"].ShouldBe("\"nightly \\\"r\\\"\"");
        job.Parameters.Keys.ShouldContain("CurrentCulture");
    }

    [Fact]
    public void The_queue_that_an_attribute_names_wins_and_the_older_form_is_written_on_request()
    {
        var rules = _rules with { QueueOf = call => call.Method == "Ping" ? "mail" : null, Level = CompatibilityLevel.V110 };

        var change = rules.Decide(Row(("Cron", EverySecond), ("Queue", "low"), ("LastExecution", At(-1)))).ShouldNotBeNull();

        var job = change.Jobs.ShouldHaveSingleItem();
        job.State.Data["Queue"].ShouldBe("mail");
        job.Parameters.Keys.ShouldContain("CurrentUICulture");
        change.Fields["NextExecution"].ShouldBe("2026-11-20T12:00:01.0000000Z");
        change.Fields["LastExecution"].ShouldBe("2026-11-20T12:00:00.2500000Z");
    }

    [Fact]
    public void A_time_zone_counts()
    {
        var change = Decide(Row(("Cron", "0 13 * * *"), ("TimeZoneId", "Europe/Warsaw"), ("LastExecution", At(-60))));

        change.Jobs.Count.ShouldBe(1); // 13:00 in Warsaw is 12:00 UTC in winter
        change.Score.ShouldBe(_noon.AddDays(1).ToUnixTimeSeconds());
    }

    [Theory]
    [InlineData("Cron", "61 * * * *", "Cron")]
    [InlineData("Cron", "", "Cron")]
    [InlineData("TimeZoneId", "Mars/Olympus", "'Mars/Olympus'")]
    [InlineData("Job", "", "Job")]
    [InlineData("Job", "not JSON", "Job")]
    [InlineData("Job", "{}", "Type")]
    [InlineData("Job", """{"t":"T"}""", "'m'")]
    [InlineData("Job", """{"t":"T","m":"M","a":[1]}""", "'a'")]
    [InlineData("Job", """{"t":"T","m":"M\u0000"}""", "character")]
    [InlineData("Misfire", "7", "Misfire")]
    [InlineData("V", "3", "V")]
    [InlineData("V", "new", "V")]
    [InlineData("LastExecution", "yesterday", "LastExecution")]
    public void What_cannot_be_read_is_tried_again_later_and_says_why(string field, string value, string said)
    {
        var change = Decide(Row(("Cron", EverySecond), (field, value)));

        change.Jobs.ShouldBeEmpty();
        change.Fields["Error"].ShouldContain(said);
        change.Fields["RetryAttempt"].ShouldBe("1");
        change.Fields["NextExecution"].ShouldBe(HangfireTime.Format(_now.AddSeconds(15)));
        change.Score.ShouldBe(_noon.AddSeconds(15).ToUnixTimeSeconds());
    }

    [Fact]
    public void After_five_retries_it_is_disabled()
    {
        var change = Decide(Row(("Cron", "nonsense"), ("RetryAttempt", "5"), ("NextExecution", At(0)), ("Error", "old")));

        change.Score.ShouldBe(-1);
        change.Fields["NextExecution"].ShouldBe("");
        change.Fields["Error"].ShouldContain("Cron");
        change.Fields.Keys.ShouldNotContain("RetryAttempt");
    }

    [Fact]
    public void Once_it_can_be_read_again_the_error_goes()
    {
        var change = Decide(Row(("Cron", EverySecond), ("RetryAttempt", "3"), ("NextExecution", At(0)), ("Error", "old"), ("LastExecution", At(-1))));

        change.Jobs.Count.ShouldBe(1);
        change.Fields["Error"].ShouldBe("");
        change.Fields["RetryAttempt"].ShouldBe("0");
    }

    [Fact]
    public void A_call_that_is_not_known_here_is_left_alone_whatever_else_is_wrong() =>
        (_rules with { CanRun = _ => false }).Decide(Row(("Cron", "nonsense"))).ShouldBeNull();

    [Fact]
    public void A_paused_job_that_somebody_made_due_is_put_to_rest_again()
    {
        var change = Decide(Row(("Cron", EverySecond), ("JobRunner.PausedAt", At(-60)), ("NextExecution", At(0)), ("LastExecution", At(-60))));

        change.Jobs.ShouldBeEmpty();
        change.Score.ShouldBe(-1);
        change.Fields.ShouldBe([new("NextExecution", "")]);
    }

    [Fact]
    public void What_has_no_hash_is_removed() =>
        Decide(new("r", new Dictionary<string, string?>(), _now)).ShouldBeSameAs(RecurringChange.Removal);

    [Fact]
    public void Nothing_that_stays_is_written()
    {
        var change = Decide(Row(("Cron", EverySecond), ("LastExecution", At(0)), ("NextExecution", "2026-11-20T12:00:01.0000000Z"), ("RetryAttempt", "0")));

        change.Fields.ShouldBeEmpty();
        change.Score.ShouldBe(_noon.AddSeconds(1).ToUnixTimeSeconds());
    }

    static RecurringChange Decide(RecurringRow row) => _rules.Decide(row).ShouldNotBeNull();

    static RecurringRow Row(params (string, string)[] fields) => new("nightly \"r\"", Fields(fields), _now);

    static Dictionary<string, string?> Fields(params (string Name, string Value)[] fields)
    {
        var all = new Dictionary<string, string?>
        {
            ["Queue"] = "default", ["TimeZoneId"] = "UTC", ["Job"] = """{"t":"Shop.Contracts.StaticJobs, Shop.Contracts","m":"Ping","q":"critical"}""",
        };
        foreach (var (name, value) in fields)
            all[name] = value;
        return all;
    }

    static string At(int seconds) => HangfireTime.Format(_noon.AddSeconds(seconds));

    static string Seconds(IEnumerable<string> times) =>
        string.Join(' ', times.Select(time => long.Parse(time) - _noon.ToUnixTimeSeconds()));
}
