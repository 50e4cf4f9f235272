using JobRunner.Storage;
using Microsoft.Extensions.DependencyInjection;
using Shouldly;
using Shop.Contracts;
using Xunit;

namespace JobRunner.TestSupport;

public abstract partial class JobStoreConformance
{
    const string EverySecond = "* * * * * *";

    static readonly RecurringRules _recurringRules = new(_ => true, TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(15));

    IRecurringJobs? _recurring;

    /// <summary>The client of recurring jobs on this store.</summary>
    protected IRecurringJobs Recurring => _recurring ??= RecurringOn(Store);

    protected static IRecurringJobs RecurringOn(IJobStore store)
    {
        var services = new ServiceCollection();
        services.AddJobRunner(options => options.JobAssemblies.Add(typeof(StaticJobs).Assembly));
        services.AddSingleton(store);
        return services.BuildServiceProvider().GetRequiredService<IRecurringJobs>();
    }

    [Fact]
    public async Task A_recurring_job_is_read_as_it_was_added()
    {
        await Recurring.AddOrUpdateAsync("nightly", () => StaticJobs.Echo("x"), "30 3 * * *", new()
        {
            TimeZone = TimeZoneInfo.FindSystemTimeZoneById("Europe/Warsaw"), Misfire = Misfire.Strict, Queue = "low",
        });

        var job = (await Recurring.GetAsync("nightly")).ShouldNotBeNull();
        job.Invocation.ShouldNotBeNull().Arguments.ShouldBe(["\"x\""]);
        (job.Cron, job.TimeZoneId, job.Misfire, job.Queue).ShouldBe(("30 3 * * *", "Europe/Warsaw", Misfire.Strict, "low"));
        (job.CreatedAt!.Value - Now).Duration().ShouldBeLessThan(TimeSpan.FromMinutes(1));
        job.NextExecution.ShouldNotBeNull().ShouldBe(CronExpression.Parse("30 3 * * *").GetNext(Now, TimeZoneInfo.FindSystemTimeZoneById("Europe/Warsaw"))!.Value);
        (job.LastExecution, job.LastJobId, job.Error, job.RetryAttempt, job.PausedAt).ShouldBe((null, null, null, 0, null));
    }

    [Fact]
    public async Task Recurring_jobs_are_listed_in_the_order_of_their_ids()
    {
        foreach (var id in new[] { "b", "a", "C", "ä" })
            await Recurring.AddOrUpdateAsync(id, () => StaticJobs.Ping(), "@daily");

        (await Recurring.ListAsync()).Select(job => job.Id).ShouldBe(["C", "a", "b", "ä"]);
        (await Recurring.ListAsync(1, 2)).Select(job => job.Id).ShouldBe(["a", "b"]);
        (await Recurring.GetAsync("c")).ShouldBeNull();
    }

    [Theory]
    [InlineData("id")]
    [InlineData("cron")]
    [InlineData("queue")]
    [InlineData("zone")]
    [InlineData("misfire")]
    public async Task What_makes_no_sense_is_refused_by_name_and_nothing_is_written(string what)
    {
        var options = new RecurringJobOptions();
        if (what == "queue")
            options.Queue = "Not A Queue";
        if (what == "zone")
            options.TimeZone = TimeZoneInfo.CreateCustomTimeZone("Mars", TimeSpan.FromHours(1), null, null);
        if (what == "misfire")
            options.Misfire = (Misfire)9;

        var error = await Should.ThrowAsync<ArgumentException>(() => Recurring.AddOrUpdateAsync(
            what == "id" ? " " : "r", () => StaticJobs.Ping(), what == "cron" ? "61 * * * *" : "@daily", options));

        (error.ParamName + error.Message).ShouldContain(what, Case.Insensitive);
        (await Recurring.ListAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_due_recurring_job_is_enqueued_once_and_moves_on()
    {
        await Recurring.AddOrUpdateAsync("r", () => StaticJobs.Ping(), "0 0 1 1 *");
        await MakeDueAsync("r", TimeSpan.FromDays(800));

        (await EnqueueRecurringAsync()).ShouldBe(1);
        (await EnqueueRecurringAsync()).ShouldBe(0);

        var job = (await Recurring.GetAsync("r"))!;
        job.NextExecution.ShouldNotBeNull().ShouldBeGreaterThan(Now);
        (Now - job.LastExecution!.Value).ShouldBeLessThan(TimeSpan.FromMinutes(1));
        var added = await GetAsync(job.LastJobId!.Value);
        added.State!.Reason.ShouldBe("Triggered by recurring job scheduler");
        added.Parameters["RecurringJobId"].ShouldBe("\"r\"");
        added.Parameters["Time"].ShouldBe($"{job.LastExecution.Value.ToUnixTimeSeconds()}");
        (await ClaimAsync()).ShouldHaveSingleItem().JobId.ShouldBe(added.JobId);
    }

    [Theory]
    [InlineData(null, "default")]
    [InlineData("critical", "critical")]
    public async Task Its_jobs_go_to_the_queue_that_the_call_carries(string? queue, string expected)
    {
        await Recurring.AddOrUpdateAsync("r", () => StaticJobs.Ping(), "@daily", new() { Queue = queue });
        await MakeDueAsync("r", TimeSpan.FromDays(3));

        await EnqueueRecurringAsync();

        (await ClaimAsync(10, "default", "critical")).ShouldHaveSingleItem().Queue.ShouldBe(expected);
    }

    [Fact]
    public async Task What_was_missed_is_made_up_for_as_asked()
    {
        foreach (var (id, misfire) in new[] { ("relaxed", Misfire.Relaxed), ("strict", Misfire.Strict), ("ignorable", Misfire.Ignorable) })
        {
            await Recurring.AddOrUpdateAsync(id, () => StaticJobs.Ping(), "0 0 * * *", new() { Misfire = misfire });
            await MakeDueAsync(id, TimeSpan.FromDays(10));
        }

        await EnqueueRecurringAsync();

        var byId = await RecurringTimesAsync();
        byId["relaxed"].Length.ShouldBe(1);
        byId["strict"].Length.ShouldBe(10);
        byId["strict"].ShouldAllBe(time => time % 86_400 == 0);
        byId.GetValueOrDefault("ignorable", []).Length.ShouldBeLessThanOrEqualTo(Now.TimeOfDay < TimeSpan.FromSeconds(31) ? 1 : 0);
        (await Recurring.ListAsync()).ShouldAllBe(job => job.NextExecution > Now);
    }

    [Fact]
    public async Task A_call_that_this_deployment_does_not_know_stays_due_for_others_and_hides_nothing()
    {
        for (var i = 0; i < 120; i++)
        {
            await Recurring.AddOrUpdateAsync($"theirs-{i}", () => StaticJobs.PingAsync(), "@daily");
            await MakeDueAsync($"theirs-{i}", TimeSpan.FromDays(5));
        }

        await Recurring.AddOrUpdateAsync("ours", () => StaticJobs.Ping(), "@daily");
        await MakeDueAsync("ours", TimeSpan.FromDays(3));

        (await EnqueueRecurringAsync(_recurringRules with { CanRun = call => call.Method == "Ping" })).ShouldBe(1);

        var left = (await Recurring.GetAsync("theirs-7"))!;
        (left.Error, left.RetryAttempt, left.LastJobId).ShouldBe((null, 0, null));
        (await EnqueueRecurringAsync()).ShouldBe(120); // the others'
    }

    [Fact]
    public async Task A_worker_that_remembers_what_it_left_finds_what_comes_due_and_after_a_while_what_it_has_come_to_know()
    {
        var time = new LaterTime();
        var rules = _recurringRules with { Memory = new(time), CanRun = call => call.Method == "Ping" };
        await Recurring.AddOrUpdateAsync("theirs", () => StaticJobs.PingAsync(), "@daily");
        await MakeDueAsync("theirs", TimeSpan.FromDays(5));
        (await EnqueueRecurringAsync(rules)).ShouldBe(0);

        await Recurring.AddOrUpdateAsync("ours", () => StaticJobs.Ping(), EverySecond);
        await Eventually.HoldsAsync(async () => await EnqueueRecurringAsync(rules) > 0);
        (await Recurring.GetAsync("theirs"))!.LastJobId.ShouldBeNull();

        await Recurring.RemoveAsync("ours");
        time.Pass(TimeSpan.FromMinutes(1));
        (await EnqueueRecurringAsync(rules with { CanRun = _ => true })).ShouldBe(1);
    }

    [Fact]
    public async Task One_whose_decision_throws_is_told_so_and_stops_no_other()
    {
        foreach (var id in new[] { "a", "load", "m", "queue", "z" })
        {
            await Recurring.AddOrUpdateAsync(id, () => StaticJobs.Echo(id), "@daily");
            await MakeDueAsync(id, TimeSpan.FromDays(3));
        }

        var rules = _recurringRules with
        {
            CanRun = call => !call.Arguments.Contains("\"load\"") ? true : throw new BadImageFormatException("not an assembly"),
            QueueOf = call => !call.Arguments.Contains("\"queue\"") ? null : throw new ArgumentException("not a queue"),
        };

        (await EnqueueRecurringAsync(rules)).ShouldBe(3);

        (await Recurring.GetAsync("load"))!.Error.ShouldBe("System.BadImageFormatException: not an assembly");
        (await Recurring.GetAsync("queue"))!.Error.ShouldNotBeNull().ShouldContain("not a queue");
        (await Recurring.GetAsync("z"))!.Error.ShouldBeNull();
        (await EnqueueRecurringAsync(rules)).ShouldBe(0);
    }

    [Fact]
    public async Task An_error_is_told_retried_and_in_the_end_disables_the_job_until_it_is_mended()
    {
        await Recurring.AddOrUpdateAsync("r", () => StaticJobs.Ping(), "@daily");
        for (var attempt = 1; attempt <= 5; attempt++)
        {
            await MakeDueAsync("r", TimeSpan.FromDays(2), ("Cron", "nonsense"));
            (await EnqueueRecurringAsync()).ShouldBe(0);
            var tried = (await Recurring.GetAsync("r"))!;
            tried.Error.ShouldNotBeNull().ShouldContain("nonsense");
            tried.RetryAttempt.ShouldBe(attempt);
            tried.NextExecution.ShouldNotBeNull();
        }

        await MakeDueAsync("r", TimeSpan.FromDays(2));
        await EnqueueRecurringAsync();
        (await Recurring.GetAsync("r"))!.NextExecution.ShouldBeNull();
        (await EnqueueRecurringAsync()).ShouldBe(0);

        await Recurring.AddOrUpdateAsync("r", () => StaticJobs.Ping(), "@daily");
        var mended = (await Recurring.GetAsync("r"))!;
        (mended.Error, mended.RetryAttempt).ShouldBe((null, 0));
        mended.NextExecution.ShouldNotBeNull();
    }

    [Fact]
    public async Task A_triggered_job_runs_now_and_keeps_its_schedule()
    {
        await Recurring.AddOrUpdateAsync("r", () => StaticJobs.Ping(), "0 0 1 1 *");
        var next = (await Recurring.GetAsync("r"))!.NextExecution;

        var id = (await Recurring.TriggerAsync("r")).ShouldNotBeNull();

        (await GetAsync(id)).State!.Reason.ShouldBe("Triggered using recurring job manager");
        var job = (await Recurring.GetAsync("r"))!;
        job.LastJobId.ShouldBe(id);
        job.NextExecution.ShouldBe(next);
        (await ClaimAsync()).ShouldHaveSingleItem().JobId.ShouldBe(id);
        (await Recurring.TriggerAsync("nobody")).ShouldBeNull();
    }

    [Fact]
    public async Task A_paused_job_is_never_due_and_a_resumed_one_begins_anew()
    {
        await Recurring.AddOrUpdateAsync("r", () => StaticJobs.Ping(), EverySecond, new() { Misfire = Misfire.Strict });
        await MakeDueAsync("r", TimeSpan.FromSeconds(50));

        (await Recurring.PauseAsync("r")).ShouldBeTrue();
        (await EnqueueRecurringAsync()).ShouldBe(0);
        await Recurring.AddOrUpdateAsync("r", () => StaticJobs.Ping(), "*/1 * * * * *", new() { Misfire = Misfire.Strict });
        var paused = (await Recurring.GetAsync("r"))!;
        (paused.PausedAt is not null, paused.NextExecution).ShouldBe((true, null));
        (await Recurring.TriggerAsync("r")).ShouldNotBeNull();
        (await Recurring.GetAsync("r"))!.NextExecution.ShouldBeNull();

        (await Recurring.ResumeAsync("r")).ShouldBeTrue();
        (await Recurring.ResumeAsync("r")).ShouldBeFalse();
        (await Recurring.GetAsync("r"))!.PausedAt.ShouldBeNull();
        await Eventually.HoldsAsync(async () => await EnqueueRecurringAsync() > 0);
        (await RecurringTimesAsync())["r"].Length.ShouldBeLessThan(5); // not the fifty of the pause
        (await Recurring.PauseAsync("nobody")).ShouldBeFalse();
    }

    [Fact]
    public async Task A_removed_recurring_job_is_gone()
    {
        await Recurring.AddOrUpdateAsync("r", () => StaticJobs.Ping(), EverySecond);

        (await Recurring.RemoveAsync("r")).ShouldBeTrue();
        (await Recurring.RemoveAsync("r")).ShouldBeFalse();

        (await Recurring.ListAsync()).ShouldBeEmpty();
        (await EnqueueRecurringAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task A_round_says_when_the_next_recurring_job_is_due()
    {
        (await Store.Recurring.EnqueueDueAsync(_recurringRules, default)).NextIn.ShouldBeNull();
        await Recurring.AddOrUpdateAsync("r", () => StaticJobs.Ping(), "* * * * *");
        await EnqueueRecurringAsync();

        var next = (await Store.Recurring.EnqueueDueAsync(_recurringRules, default)).NextIn.ShouldNotBeNull();

        next.ShouldBeInRange(TimeSpan.Zero, TimeSpan.FromMinutes(1));
        var due = (await Recurring.GetAsync("r"))!.NextExecution!.Value;
        (Now + next - due).Duration().ShouldBeLessThan(TimeSpan.FromSeconds(1));
    }

    async Task<int> EnqueueRecurringAsync(RecurringRules? rules = null) =>
        (await Store.Recurring.EnqueueDueAsync(rules ?? _recurringRules, default)).Enqueued;

    /// <summary>As if the job had run last that long ago, and nobody had been there since.</summary>
    Task MakeDueAsync(string id, TimeSpan ago, params (string Field, string Value)[] fields) => Store.Recurring.ChangeAsync(id, row =>
    {
        var last = HangfireTime.Format(row.Now - ago);
        var changes = fields.ToDictionary(field => field.Field, field => field.Value);
        changes["LastExecution"] = last;
        changes["NextExecution"] = last;
        return new(changes, (row.Now - ago).ToUnixTimeSeconds(), []);
    }, false, default);

    /// <summary>The times of all jobs that recurring jobs have enqueued, in the order of the jobs.</summary>
    async Task<Dictionary<string, long[]>> RecurringTimesAsync()
    {
        var jobs = await Task.WhenAll((await Store.Reader.ListAsync(JobStates.Enqueued, 0, 10_000, default)).Reverse().Select(job => GetAsync(job.JobId)));
        return jobs.GroupBy(job => job.Parameters["RecurringJobId"]!.Trim('"')).ToDictionary(
            jobs => jobs.Key, jobs => jobs.Select(job => long.Parse(job.Parameters["Time"]!, System.Globalization.CultureInfo.InvariantCulture)).ToArray());
    }
}
