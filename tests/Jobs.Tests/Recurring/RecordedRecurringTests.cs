using JobRunner.Storage;
using JobRunner.TestSupport;
using Shop.Contracts;

namespace JobRunner.Jobs.Tests.Recurring;

/// <summary>The very values that the real Hangfire wrote, from the very times at which it did.</summary>
public sealed class RecordedRecurringTests
{
    static readonly TypeResolver _types = new([typeof(StaticJobs).Assembly]);
    static readonly ArgumentSerializer _arguments = new(_types);
    static readonly ArgumentSerializer _oldArguments = new(_types, null, CompatibilityLevel.V110);
    static readonly RecurringRules _rules = new(_ => true, TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(15));

    public static TheoryData<string, string, string, RecurringJobOptions, JobCall> Added { get; } = new()
    {
        { "add", "daily", "0 9 * * *", new() { TimeZone = TimeZoneInfo.FindSystemTimeZoneById("Europe/Warsaw") }, JobCall.Of(() => StaticJobs.Ping()) },
        { "add", "hourly", "0 * * * *", new() { Queue = "critical" }, JobCall.Of<IInvoices>(x => x.SendAsync(1, default)) },
        { "add", "minutely", "* * * * *", new() { Misfire = Misfire.Ignorable }, JobCall.Of(() => StaticJobs.Ping()) },
        { "invalid", "never", "0 0 31 2 *", new(), JobCall.Of(() => StaticJobs.Ping()) },
    };

    [Theory]
    [MemberData(nameof(Added))]
    public void AddOrUpdate_writes_the_recorded_fields(string scenario, string id, string cron, RecurringJobOptions options, JobCall call)
    {
        foreach (var level in Enum.GetValues<CompatibilityLevel>())
        {
            var recorded = Fields($"v{(int)level}-recurring-{scenario}", id);
            var none = new RecurringRow(id, new Dictionary<string, string?>(), Instant(recorded, "CreatedAt"));

            var change = Define(call, cron, options, level).Apply(new(none, level)).ShouldNotBeNull();

            Comparable(change.Fields!).ShouldBe(Comparable(recorded), $"{level}");
            change.Score.ShouldBe(Score($"v{(int)level}-recurring-{scenario}", id));
        }
    }

    [Theory]
    [MemberData(nameof(Added))]
    public void The_same_once_more_over_rows_of_either_form_moves_nothing(string scenario, string id, string cron, RecurringJobOptions options, JobCall call)
    {
        foreach (var form in new[] { "v180", "v110" })
        {
            var recorded = Fields($"{form}-recurring-{scenario}", id);

            var change = Define(call, cron, options).Apply(new(new(id, recorded, Instant(recorded, "CreatedAt").AddHours(5)), CompatibilityLevel.V180));

            if (form == "v180")
                change.ShouldBeNull();
            else
                change.ShouldNotBeNull().Fields.ShouldHaveSingleItem().Key.ShouldBe("Job"); // in the shorter form, as Hangfire itself would
            if (change is not null)
                change.Score.ShouldBe(Score($"{form}-recurring-{scenario}", id));
        }
    }

    [Theory]
    [InlineData("v180")]
    [InlineData("v110")]
    public void The_scheduler_moves_a_job_as_recorded(string form)
    {
        var scenario = $"{form}-recurring-run";
        var recorded = Fields(scenario, "sec");
        var before = recorded.Where(field => !field.Key.StartsWith("Last", StringComparison.Ordinal)).ToDictionary();

        var change = _rules.Decide(new("sec", before, Instant(recorded, "LastExecution"))).ShouldNotBeNull();

        var job = change.Jobs.ShouldHaveSingleItem();
        job.Parameters["RecurringJobId"].ShouldBe("\"sec\"");
        job.Parameters["Time"].ShouldBe(Recorded.Rows(scenario, "jobparameter").Last(row => row.GetProperty("name").GetString() == "Time").GetProperty("value").GetString());
        job.Invocation.ToInvocationData().ShouldBe(Recorded.Calls(scenario)[^1].ToInvocationData());
        change.Score.ShouldBe(Score(scenario, "sec"));
        HangfireTime.Parse(change.Fields["LastExecution"]).ToUnixTimeMilliseconds().ShouldBe(Instant(recorded, "LastExecution").ToUnixTimeMilliseconds());
        change.Fields.Keys.ShouldBe(["LastExecution"]); // the next one was worked out already
    }

    static RecurringDefinition Define(JobCall call, string cron, RecurringJobOptions options, CompatibilityLevel level = CompatibilityLevel.V180) =>
        RecurringDefinition.Of(call, cron, options, level == CompatibilityLevel.V110 ? _oldArguments : _arguments, level);

    // The payload as what it says: .NET of another patch level puts its members in the same order, but may be of another version.
    static string[] Comparable(IEnumerable<KeyValuePair<string, string?>> fields) =>
    [
        .. fields.OrderBy(field => field.Key, StringComparer.Ordinal).Select(field =>
            $"{field.Key} = {(field.Key == "Job" ? Newtonsoft.Json.Linq.JObject.Parse(field.Value!).Properties().OrderBy(p => p.Name, StringComparer.Ordinal).Aggregate("", (text, p) => $"{text}\n  {p.Name}: {p.Value}") : field.Value)}"),
    ];

    static Dictionary<string, string?> Fields(string scenario, string id) =>
        Recorded.Rows(scenario, "hash").Where(row => row.GetProperty("key").GetString() == $"recurring-job:{id}")
            .ToDictionary(row => row.GetProperty("field").GetString()!, row => row.GetProperty("value").GetString());

    static double Score(string scenario, string id) =>
        Recorded.Rows(scenario, "set").Single(row => row.GetProperty("value").GetString() == id).GetProperty("score").GetDouble();

    static DateTimeOffset Instant(Dictionary<string, string?> fields, string name) => HangfireTime.Parse(fields[name]!);
}
