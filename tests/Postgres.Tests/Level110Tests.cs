using System.Globalization;
using System.Text.RegularExpressions;
using JobRunner.TestSupport;
using Microsoft.Extensions.DependencyInjection;
using Shop.Contracts;

namespace JobRunner.Postgres.Tests;

/// <summary>At compatibility level 110 our client's rows are those of a Hangfire client that configured nothing.</summary>
public sealed partial class Level110Tests(PostgresFixture fixture) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    static readonly Order _order = new()
    {
        Id = 7, Customer = "Zoë \"Q\" <b>", Total = new Money(12.50m, "EUR"), Tags = ["a", "b"],
        PlacedAt = new DateTime(2026, 3, 29, 1, 30, 0, DateTimeKind.Utc),
    };

    static readonly Dictionary<string, int> _dictionary = new() { ["k"] = 1 };

    ServiceProvider _services = null!;

    public static TheoryData<string> Scenarios => [.. _calls.Keys];

    static readonly Dictionary<string, JobCall[]> _calls = new()
    {
        ["static"] = [JobCall.Of(() => StaticJobs.Ping())],
        ["scalars"] = [JobCall.Of<AllTypes>(x => x.Scalars(true, 255, -5, 9007199254740992, 0.1, 79.50m, 'é', "line\n\"quote\" \u2028 ünï"))],
        ["nulls"] = [JobCall.Of<AllTypes>(x => x.Nulls(null, null, null, 3))],
        ["ids"] =
        [
            JobCall.Of<AllTypes>(x => x.Ids(new Guid("6f9619ff-8b86-d011-b42d-00c04fc964ff"), new Uri("https://example.org/a?b=c&d=e"),
                Priority.High, new byte[] { 1, 2, 255 }, new Version(1, 2, 3))),
        ],
        ["collections"] =
        [
            JobCall.Of<AllTypes>(x => x.Collections(new[] { 1, 2 }, new List<string> { "a", null! }, _dictionary,
                new long[] { 5 }, new[] { new[] { 1 }, new[] { 2, 3 } }, ValueTuple.Create(1, "t"))),
        ],
        ["objects"] =
        [
            JobCall.Of<AllTypes>(x => x.Objects(_order, _order, new Circle { Name = "c", Radius = 2 }, new Shape[] { new Circle { Radius = 1 } })),
        ],
        ["tokens"] = [JobCall.Of<AllTypes>(x => x.Tokens(1, CancellationToken.None, "z"))],
        ["generic-type"] = [JobCall.Of<Repository<Order>>(x => x.Save(_order))],
        ["generic-method"] = [JobCall.Of<Repository<string>>(x => x.Convert("s", new List<int> { 1 }))],
        ["nested-types"] =
        [
            JobCall.Of<Outer.Inner>(x => x.Run()), JobCall.Of<Repository<Order>.Nested>(x => x.Run(new List<Order> { _order })),
        ],
        ["instance-interface"] = [JobCall.Of<IInvoices>(x => x.SendAsync(42, CancellationToken.None))],
    };

    public async Task InitializeAsync()
    {
        await (await TestStore.CreateAsync(fixture.ConnectionString)).DisposeAsync();
        var services = new ServiceCollection();
        services.AddJobRunner(options => options.CompatibilityLevel = CompatibilityLevel.V110).UsePostgres(fixture.ConnectionString);
        _services = services.BuildServiceProvider();
        await _services.GetRequiredService<Storage.IJobStore>().InitializeAsync(default);
    }

    public async Task DisposeAsync() => await _services.DisposeAsync();

    [Theory]
    [MemberData(nameof(Scenarios))]
    public async Task Enqueued_jobs_look_like_Hangfires(string scenario)
    {
        await EnqueueAsync(_calls[scenario]);

        await ShouldMatchAsync($"v110-enqueue-{scenario}");
    }

    [Fact]
    public async Task Dates_are_written_as_bare_text()
    {
        // The recorder's zone had no offset; what a local date looks like depends on the zone.
        await EnqueueAsync(JobCall.Of<AllTypes>(x => x.Times(
            new DateTime(2026, 3, 29, 1, 30, 0, DateTimeKind.Utc), new DateTime(2026, 3, 29, 1, 30, 0, DateTimeKind.Utc),
            new DateTime(2026, 3, 29, 1, 30, 0), new DateTimeOffset(2026, 3, 29, 1, 30, 0, TimeSpan.FromHours(2)), new TimeSpan(1, 30, 30),
            new DateOnly(2026, 3, 29), new TimeOnly(23, 59, 58))));

        await ShouldMatchAsync("v110-enqueue-times", line => line.Replace(@"01:30:00.0000000\u002B00:00", "01:30:00.0000000Z", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Scheduled_jobs_look_like_Hangfires()
    {
        await InEnglishAsync(async client =>
        {
            await client.ScheduleAsync(() => StaticJobs.Echo("later"), TimeSpan.FromHours(1));
            await client.ScheduleAsync(JobCall.Of(() => StaticJobs.Echo("later")).OnQueue("critical"), TimeProvider.System.GetUtcNow().AddHours(2));
        });

        await ShouldMatchAsync("v110-schedule");
    }

    Task EnqueueAsync(params JobCall[] calls) => InEnglishAsync(client => client.EnqueueManyAsync(calls));

    async Task InEnglishAsync(Func<IJobClient, Task> use)
    {
        (CultureInfo.CurrentCulture, CultureInfo.CurrentUICulture) = (new CultureInfo("en-US"), new CultureInfo("en-US"));
        await use(_services.GetRequiredService<IJobClient>());
    }

    async Task ShouldMatchAsync(string recorded, Func<string, string>? change = null)
    {
        var ours = await Recording.LinesAsync(fixture.ConnectionString);
        var theirs = new Recording(recorded).Lines().Select(change ?? (line => line));
        ours.Select(WithoutTimes).Order(StringComparer.Ordinal).ShouldBe(theirs.Select(WithoutTimes).Order(StringComparer.Ordinal));
    }

    static string WithoutTimes(string line) => Score().Replace(Time().Replace(line, "$1: some time"), "score=some time");

    [GeneratedRegex("""(EnqueuedAt|EnqueueAt|ScheduledAt): "\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z"(?=[,}])""")]
    private static partial Regex Time();

    [GeneratedRegex(@"score=\d+")]
    private static partial Regex Score();
}
