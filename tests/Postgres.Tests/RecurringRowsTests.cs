using System.Globalization;
using System.Text.RegularExpressions;
using JobRunner.Storage;
using JobRunner.TestSupport;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Shop.Contracts;

namespace JobRunner.Postgres.Tests;

/// <summary>The rows of recurring jobs: those that the real Hangfire wrote, those that we write, and its locks between us.</summary>
public sealed partial class RecurringRowsTests(PostgresFixture fixture) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    static readonly RecurringRules _rules = new(_ => true, TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(15));

    PostgresJobStore _store = null!;
    IRecurringJobs _jobs = null!;

    public async Task InitializeAsync()
    {
        _store = await TestStore.CreateAsync(fixture.ConnectionString);
        await _store.InitializeAsync(default);
        var services = new ServiceCollection();
        services.AddJobRunner();
        services.AddSingleton<IJobStore>(_store);
        _jobs = services.BuildServiceProvider().GetRequiredService<IRecurringJobs>();
    }

    public async Task DisposeAsync() => await _store.DisposeAsync();

    [Fact]
    public async Task Added_recurring_jobs_look_like_those_of_a_Hangfire_client()
    {
        await _jobs.AddOrUpdateAsync("daily", () => StaticJobs.Ping(), "0 9 * * *", new() { TimeZone = TimeZoneInfo.FindSystemTimeZoneById("Europe/Warsaw") });
        await _jobs.AddOrUpdateAsync<IInvoices>("hourly", x => x.SendAsync(1, default), "0 * * * *", new() { Queue = "critical" });
        await _jobs.AddOrUpdateAsync("minutely", () => StaticJobs.Ping(), "* * * * *", new() { Misfire = Misfire.Ignorable });

        await ShouldMatchAsync("v180-recurring-add");
    }

    [Fact]
    public async Task One_that_never_runs_and_a_removed_one_look_like_Hangfires()
    {
        await _jobs.AddOrUpdateAsync("removed", () => StaticJobs.Ping(), "@daily");
        await _jobs.AddOrUpdateAsync("never", () => StaticJobs.Ping(), "0 0 31 2 *");
        await _jobs.RemoveAsync("removed");

        await ShouldMatchAsync("v180-recurring-invalid");
    }

    [Theory]
    [InlineData("2 hours")]
    [InlineData("1 second")]
    public async Task What_is_others_to_run_is_looked_at_once_a_minute_and_never_locked(string age)
    {
        for (var i = 0; i < 10; i++)
            await _jobs.AddOrUpdateAsync($"theirs-{i}", () => StaticJobs.Ping(), "@daily");
        await Sql.ExecuteAsync(fixture.ConnectionString,
            $"update hangfire.set set score = extract(epoch from now() - interval '{age}') where key = 'recurring-jobs'");
        await using var locker = new NpgsqlConnection(fixture.ConnectionString);
        await locker.OpenAsync();
        await using var transaction = await locker.BeginTransactionAsync();
        await using (var locks = new NpgsqlCommand("insert into hangfire.lock (resource, updatecount, acquired) select 'hangfire:lock:recurring-job:theirs-' || n, 1, now() from generate_series(0, 9) n", locker))
            await locks.ExecuteNonQueryAsync();
        var time = new LaterTime();
        var looks = 0;
        var rules = _rules with { Memory = new(time), CanRun = _ => looks++ < 0 };

        for (var i = 0; i < 3; i++)
            (await _store.Recurring.EnqueueDueAsync(rules, default)).Enqueued.ShouldBe(0); // and did not wait
        looks.ShouldBe(10);
        time.Pass(TimeSpan.FromMinutes(1));
        await _store.Recurring.EnqueueDueAsync(rules, default);
        looks.ShouldBe(20);
    }

    [Fact]
    public async Task While_one_is_in_anothers_hands_it_is_not_taken_for_seen()
    {
        await _jobs.AddOrUpdateAsync("ours", () => StaticJobs.Ping(), "@daily");
        await Sql.ExecuteAsync(fixture.ConnectionString, """
            update hangfire.set set score = extract(epoch from now() - interval '2 hours') where key = 'recurring-jobs';
            update hangfire.hash set value = extract(epoch from now() - interval '2 days')::bigint::text || '000' where field in ('CreatedAt', 'LastExecution');
            insert into hangfire.lock (resource, updatecount, acquired) values ('hangfire:lock:recurring-job:ours', 1, now())
            """);
        var rules = _rules with { Memory = new(TimeProvider.System) };
        (await _store.Recurring.EnqueueDueAsync(rules, default)).Enqueued.ShouldBe(0);

        await Sql.ExecuteAsync(fixture.ConnectionString, "delete from hangfire.lock");

        (await _store.Recurring.EnqueueDueAsync(rules, default)).Enqueued.ShouldBe(1);
    }

    [Fact(Timeout = 60_000)]
    public async Task One_whose_job_the_database_refuses_is_told_so_and_stops_no_other()
    {
        await Sql.ExecuteAsync(fixture.ConnectionString, """
            create function public.refuse() returns trigger language plpgsql as $$ begin
                if new.arguments::text like '%poison%' then raise exception 'no poison here'; end if;
                return new;
            end $$;
            create trigger refuse before insert on hangfire.job for each row execute function public.refuse();
            """);
        try
        {
            foreach (var id in new[] { "a", "poison", "z" })
                await _jobs.AddOrUpdateAsync(id, () => StaticJobs.Echo(id), "@daily");
            await Sql.ExecuteAsync(fixture.ConnectionString, """
                update hangfire.set set score = score - 1000000 where key = 'recurring-jobs';
                insert into hangfire.hash (key, field, value) select 'recurring-job:' || value, 'LastExecution', round(score * 1000)::text
                from hangfire.set where key = 'recurring-jobs'
                """);

            (await _store.Recurring.EnqueueDueAsync(_rules, default)).Enqueued.ShouldBe(2);

            (await _jobs.GetAsync("poison"))!.Error.ShouldBe("no poison here");
            (await _store.Recurring.EnqueueDueAsync(_rules, default)).Enqueued.ShouldBe(0);
        }
        finally
        {
            await Sql.ExecuteAsync(fixture.ConnectionString, "drop trigger refuse on hangfire.job; drop function public.refuse()");
        }
    }

    [Theory]
    [InlineData("v180")]
    [InlineData("v110")]
    public async Task A_triggered_job_looks_like_that_of_a_Hangfire_client(string form)
    {
        await RewindRecurring.ToAsync(fixture.ConnectionString, $"{form}-recurring-triggered", CronExpression.Parse("0 9 * * *").GetNext(Now, TimeZoneInfo.Utc)!.Value);

        await _jobs.TriggerAsync("daily");

        await ShouldMatchAsync($"{form}-recurring-triggered");
    }

    [Fact]
    public async Task An_entry_without_a_hash_is_removed()
    {
        await ExecuteAsync("insert into hangfire.set (key, value, score) values ('recurring-jobs', 'ghost', 1), ('other', 'ghost', 1)");

        (await EnqueueAsync()).ShouldBe(0);

        (await LinesAsync("select key from hangfire.set")).ShouldBe(["other"]);
    }

    [Fact]
    public async Task A_recurring_job_that_a_server_has_locked_is_left_to_it()
    {
        await AddDueAsync("theirs", "free");
        await LockAsync("hangfire:lock:recurring-job:theirs");

        (await EnqueueAsync()).ShouldBe(1);
        (await LinesAsync("select value from hangfire.jobparameter where name = 'RecurringJobId'")).ShouldBe(["\"free\""]);

        await ExecuteAsync("delete from hangfire.lock");
        (await EnqueueAsync()).ShouldBe(1);
        (await LinesAsync("select resource from hangfire.lock")).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_server_that_is_at_work_on_all_of_them_keeps_us_from_none_that_it_has_not_locked()
    {
        await AddDueAsync("r");
        await LockAsync("hangfire:recurring-jobs:lock");

        (await EnqueueAsync()).ShouldBe(1);

        (await LinesAsync("select resource from hangfire.lock")).ShouldBe(["hangfire:recurring-jobs:lock"]);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_pause_holds_though_a_server_had_read_before_it_what_is_due()
    {
        await AddDueAsync("r");
        await LockAsync("hangfire:recurring-jobs:lock");
        var pause = _jobs.PauseAsync("r");
        await Eventually.HoldsAsync(async () => (await _jobs.GetAsync("r"))!.PausedAt is not null);

        // The server comes to this job, and begins its next round at once.
        await ExecuteAsync("""
            update hangfire.hash set value = '4000000000000' where field = 'NextExecution';
            update hangfire.set set score = 4000000000 where value = 'r';
            update hangfire.lock set acquired = now()
            """);

        (await pause).ShouldBeTrue();
        (await LinesAsync("select score::text from hangfire.set where value = 'r'")).ShouldBe(["-1"]);
        (await LinesAsync("select resource from hangfire.lock")).ShouldBe(["hangfire:recurring-jobs:lock"]);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_client_waits_for_the_lock_of_a_recurring_job()
    {
        await _jobs.AddOrUpdateAsync("r", () => StaticJobs.Ping(), "@daily");
        await LockAsync("hangfire:lock:recurring-job:r");
        var removal = _jobs.RemoveAsync("r");
        (await Task.WhenAny(removal, Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, CancellationToken.None))).ShouldNotBe(removal);

        await ExecuteAsync("delete from hangfire.lock");

        (await removal).ShouldBeTrue();
    }

    [Fact]
    public async Task One_that_no_row_could_hold_does_not_keep_the_others_from_running()
    {
        await AddDueAsync("bad", "good");
        await ExecuteAsync("""
            update hangfire.hash set value = '{"t":"T","m":"M","p":["System.String"],"a":["\"\u0000\""]}'
            where key = 'recurring-job:bad' and field = 'Job'
            """);

        (await EnqueueAsync()).ShouldBe(1);
        (await _jobs.GetAsync("bad"))!.Error.ShouldNotBeNull();
    }

    static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    async Task<int> EnqueueAsync() => (await _store.Recurring.EnqueueDueAsync(_rules, default)).Enqueued;

    async Task AddDueAsync(params string[] ids)
    {
        foreach (var id in ids)
            await _jobs.AddOrUpdateAsync(id, () => StaticJobs.Ping(), "@daily");
        await ExecuteAsync("""
            update hangfire.set set score = 1 where key = 'recurring-jobs';
            update hangfire.hash set value = '1000' where field = 'CreatedAt'
            """);
    }

    Task LockAsync(string resource) => ExecuteAsync($"insert into hangfire.lock (resource, acquired) values ('{resource}', now())");

    Task ExecuteAsync(string sql) => Sql.ExecuteAsync(fixture.ConnectionString, sql);

    Task<List<string>> LinesAsync(string sql) => Sql.LinesAsync(fixture.ConnectionString, sql);

    async Task ShouldMatchAsync(string scenario) =>
        Even(await Recording.LinesAsync(fixture.ConnectionString)).ShouldBe(Even(new Recording(scenario).Lines()));

    // Times differ from run to run, and their form from level to level, of which we write the newest. So does the culture.
    static string[] Even(IEnumerable<string> lines) =>
    [
        .. lines.Where(line => !line.Contains("name=\"CurrentUICulture\"", StringComparison.Ordinal))
            .Select(line => Time().Replace(line, "some time"))
            .Select(line => line.Replace($"\\u0022{CultureInfo.CurrentCulture.Name}\\u0022", "\\u0022en-US\\u0022", StringComparison.Ordinal))
            .Select(line => line.Contains("LastJobId", StringComparison.Ordinal) ? Number().Replace(line, "some id") : line)
            .Order(StringComparer.Ordinal),
    ];

    [GeneratedRegex(@"(?<=[""=\s])(1[78]\d{8}(\d{3})?|\d{4}-\d\d-\d\dT[0-9:.]+Z)(?=[""\s]|$)")]
    private static partial Regex Time();

    [GeneratedRegex(@"(?<=value="")\d+(?="")")]
    private static partial Regex Number();
}
