using JobRunner.Storage;
using JobRunner.TestSupport;
using Microsoft.Extensions.DependencyInjection;
using Shop.Legacy;

namespace JobRunner.Worker.Tests;

/// <summary>What attributes bring about, whatever store there is.</summary>
public abstract class PolicyTests : IAsyncLifetime
{
    WorkerHost? _host;

    protected abstract Task<Action<JobRunnerBuilder>> StoreAsync();

    WorkerHost Worker => _host!;

    IJobClient Client => Worker.Client;

    static TimeSpan Patience => TimeSpan.FromSeconds(20);

    public async Task InitializeAsync()
    {
        var store = await StoreAsync();
        _host = await WorkerHost.StartAsync(
            builder =>
            {
                builder.Options.JobAssemblies.Add(typeof(LegacyJobs).Assembly);
                store(builder);
            },
            options =>
            {
                foreach (var queue in new[] { "default", "shard-1", "shard-2", "reports", "mail-eu" })
                    options.Queues.Add(queue);
            });
    }

    public async Task DisposeAsync() => await Worker.DisposeAsync();

    [Fact(Timeout = 60_000)]
    public async Task A_job_that_uses_up_its_retries_is_deleted_where_its_attribute_says_so()
    {
        var id = await Client.EnqueueAsync(() => PolicyJobs.FailThenGoAsync());

        await InStateAsync(id, "Deleted");
        await HistoryShouldBeAsync(id, "Enqueued", "Processing", "Failed", "Enqueued", "Processing", "Failed", "Deleted");
        var job = (await Client.GetAsync(id))!;
        job.State!.Reason.ShouldBe("Exceeded the maximum number of retry attempts.");
        job.State.Data["Exception"].ShouldBe("""{"e":"System.InvalidOperationException","m":"gone"}""");
        job.Parameters["RetryCount"].ShouldBe("1");
        job.ExpireAt.ShouldNotBeNull();
    }

    [Fact(Timeout = 60_000)]
    public async Task Only_the_exceptions_that_an_attribute_names_are_retried()
    {
        var retried = await Client.EnqueueAsync(() => PolicyJobs.FailAsync(true));
        var failed = await Client.EnqueueAsync(() => PolicyJobs.FailAsync(false));

        await InStateAsync(retried, "Scheduled");
        await InStateAsync(failed, "Failed");
    }

    [Fact(Timeout = 60_000)]
    public async Task An_exception_from_a_sandbox_is_known_by_its_base_types()
    {
        var id = await Client.EnqueueAsync(() => PolicyJobs.FailInASandbox());

        await InStateAsync(id, "Scheduled");
    }

    [Theory(Timeout = 60_000)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_job_runs_and_is_retried_in_the_queue_that_its_attribute_names(int shard)
    {
        var id = await Client.EnqueueAsync(() => PolicyJobs.OnShardAsync(shard, true, null!));

        (await Client.WaitAsync<string>(id, Patience)).ShouldBe($"{shard}: shard-{shard}");
        (await Client.GetAsync(id))!.History.Where(state => state.Name == "Enqueued").Select(state => state.Data["Queue"])
            .ShouldBe([$"shard-{shard}", $"shard-{shard}"]);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_scheduled_and_a_requeued_job_go_to_the_queue_that_the_attribute_names()
    {
        var id = await Client.ScheduleAsync(() => PolicyJobs.OnShardAsync(2, false, null!), TimeSpan.FromMilliseconds(100));
        (await Client.WaitAsync<string>(id, Patience)).ShouldBe("2: shard-2");

        await Client.RequeueAsync(id);

        await Eventually.HoldsAsync(async () => (await Client.GetAsync(id))!.History.Count(state => state.Name == "Succeeded") == 2);
        (await Client.GetAsync(id))!.History.Where(state => state.Name == "Enqueued").ShouldAllBe(state => state.Data["Queue"] == "shard-2");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_continuation_of_a_Hangfire_client_and_a_recurring_job_go_to_the_queue_that_the_attribute_names()
    {
        var parent = await Client.EnqueueAsync(() => ScriptedJobs.EchoAsync("parent"));
        var call = Worker.Services.GetRequiredService<ArgumentSerializer>().ToInvocation(JobCall.Of(() => PolicyJobs.OnShardAsync(1, false, null!)));
        var waits = JobState.Awaiting(parent, ContinuationOptions.OnlyOnSucceededState, AwaitingState.NextEnqueued(), DateTimeOffset.UnixEpoch);
        var child = (await Worker.Store.Actions.AddContinuationsAsync(parent, [new(call, waits, new Dictionary<string, string?>())], default))[0];
        (await Client.WaitAsync<string>(child, Patience)).ShouldBe("1: shard-1");

        var recurring = Worker.Services.GetRequiredService<IRecurringJobs>();
        await recurring.AddOrUpdateAsync("sharded", JobCall.Of(() => PolicyJobs.OnShardAsync(2, false, null!)), "0 0 1 1 *");
        (await Client.WaitAsync<string>((await recurring.TriggerAsync("sharded"))!.Value, Patience)).ShouldBe("2: shard-2");
    }

    [Fact]
    public async Task A_queue_that_comes_out_wrong_is_told_where_the_job_is_enqueued() =>
        (await Should.ThrowAsync<ArgumentException>(() => Client.EnqueueAsync<LegacyJobs>(x => x.MailAsync("E U", 1)))).Message
            .ShouldContain("[Queue]");

    [Fact(Timeout = 60_000)]
    public async Task A_job_is_kept_for_as_long_as_its_attribute_says_in_each_state()
    {
        var succeeded = await Client.EnqueueAsync(() => PolicyJobs.KeptAsync(false));
        var failed = await Client.EnqueueAsync(() => PolicyJobs.KeptAsync(true));
        var deleted = await Client.ScheduleAsync(() => PolicyJobs.KeptAsync(false), TimeSpan.FromHours(1));
        await Client.DeleteAsync(deleted);
        await InStateAsync(succeeded, "Succeeded");
        await InStateAsync(failed, "Failed");

        await ExpiresInAsync(succeeded, TimeSpan.FromHours(2));
        await ExpiresInAsync(failed, TimeSpan.FromDays(30));
        await ExpiresInAsync(deleted, TimeSpan.FromHours(3));
    }

    async Task ExpiresInAsync(long id, TimeSpan time) =>
        (await Client.GetAsync(id))!.ExpireAt!.Value.ShouldBe(TimeProvider.System.GetUtcNow() + time, TimeSpan.FromMinutes(2));

    [Fact]
    public async Task A_retention_without_sense_is_told_where_the_job_is_enqueued() =>
        (await Should.ThrowAsync<ArgumentException>(() => Client.EnqueueAsync(() => PolicyJobs.KeptForNoTime()))).Message
            .ShouldContain("[Retention(Succeeded = \"0s\")]");

    [Fact(Timeout = 60_000)]
    public async Task Jobs_with_Hangfires_attributes_run_without_Hangfire()
    {
        var echo = await Client.EnqueueAsync(() => LegacyJobs.EchoAsync("hello"));
        var mail = await Client.EnqueueAsync<LegacyJobs>(x => x.MailAsync("eu", 1));

        (await Client.WaitAsync<string>(echo, Patience)).ShouldBe("hello");
        (await Client.GetAsync(echo))!.History[^1].Data["Queue"].ShouldBe("reports");
        await InStateAsync(mail, "Deleted");
        (await Client.GetAsync(mail))!.State!.Reason.ShouldBe("Retries were disabled for this job.");
        (await Client.GetAsync(mail))!.History[^1].Data["Queue"].ShouldBe("mail-eu");
    }

    [Fact(Timeout = 60_000)]
    public async Task They_run_in_sandboxes_too_and_their_rules_know_what_was_thrown_there()
    {
        var retried = await Client.EnqueueAsync(() => LegacyJobs.Import(true));
        var failed = await Client.EnqueueAsync(() => LegacyJobs.Import(false));

        await InStateAsync(retried, "Scheduled");
        await InStateAsync(failed, "Failed");
        (await Client.GetAsync(failed))!.State!.Data["ExceptionType"].ShouldBe("System.IO.FileNotFoundException");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_renamed_type_fails_with_Hangfires_words_and_is_retried()
    {
        var id = await AddAsync("Shop.Legacy.Renamed, Shop.Legacy");

        await InStateAsync(id, "Scheduled");
        await HistoryShouldBeAsync(id, "Enqueued", "Failed", "Scheduled");
        var failed = (await Client.GetAsync(id))!.History[1];
        failed.Reason.ShouldBe("Can not change the state to 'Processing': target method was not found.");
        failed.Data["ExceptionMessage"].ShouldContain("Shop.Legacy.Renamed");
    }

    [Fact(Timeout = 60_000)]
    public async Task Arguments_that_cannot_be_read_fail_with_Hangfires_words_before_the_job_begins()
    {
        var id = await AddAsync(new Invocation(
            typeof(PolicyJobs).AssemblyQualifiedName!, nameof(PolicyJobs.FailAsync), ["System.Boolean"], ["\"perhaps\""]));

        await InStateAsync(id, "Failed"); // FailAsync is retried on other exceptions only
        await HistoryShouldBeAsync(id, "Enqueued", "Failed");
        (await Client.GetAsync(id))!.State!.Reason.ShouldBe("Can not change the state to 'Processing': target method was not found.");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_job_of_an_unknown_type_is_left_in_its_queue_and_the_setting_is_named_once()
    {
        long[] foreign = [await AddAsync("Other.Jobs, Other"), await AddAsync("Other.Jobs, Other")];
        var echo = await Client.EnqueueAsync(() => ScriptedJobs.EchoAsync("behind them"));
        (await Client.WaitAsync<string>(echo, Patience)).ShouldBe("behind them");

        long[] left = [];
        await Eventually.HoldsAsync(async () =>
            (left = [.. (await Worker.Store.Queue.ClaimAsync(["default"], 10, default)).Select(job => job.JobId)]).Length == 2);
        left.ShouldBe(foreign);
        (await Client.GetAsync(foreign[0]))!.State!.Name.ShouldBe("Enqueued");
        Worker.Log.Lines.Count(line => line.Contains("Other.Jobs, Other") && line.Contains("JobRunner:JobAssemblies")).ShouldBe(1);
    }

    Task<long> AddAsync(string type) => AddAsync(new Invocation(type, "Run", [], []));

    async Task<long> AddAsync(Invocation call) => (await Worker.Store.Actions.AddAsync(
        [new(call, JobState.Enqueued("default", DateTimeOffset.UnixEpoch), new Dictionary<string, string?>())], default))[0];

    Task InStateAsync(long id, string state) => Eventually.HoldsAsync(async () => (await Client.GetAsync(id))!.State!.Name == state);

    async Task HistoryShouldBeAsync(long id, params string[] states) =>
        (await Client.GetAsync(id))!.History.Reverse().Select(state => state.Name).ShouldBe(states);
}

public sealed class InMemoryPolicyTests : PolicyTests
{
    protected override Task<Action<JobRunnerBuilder>> StoreAsync() => Task.FromResult<Action<JobRunnerBuilder>>(builder => builder.UseInMemory());
}

public sealed class PostgresPolicyTests : PolicyTests
{
    protected override async Task<Action<JobRunnerBuilder>> StoreAsync()
    {
        var connectionString = await PostgresFixture.CreateDatabaseAsync();
        return builder => builder.UsePostgres(connectionString);
    }
}
