using JobRunner.TestSupport;
using Microsoft.Extensions.DependencyInjection;

namespace JobRunner.Worker.Tests;

/// <summary>What a worker does with jobs, whatever store it has.</summary>
public abstract class WorkerBehaviour : IAsyncLifetime
{
    WorkerHost? _host;

    protected WorkerHost Worker => _host!;

    protected IJobClient Client => Worker.Client;

    int Held => Worker.Services.GetRequiredService<Executions>().Count;

    protected static TimeSpan Patience => TimeSpan.FromSeconds(20);

    protected abstract Task<Action<JobRunnerBuilder>> StoreAsync();

    public async Task InitializeAsync() => _host =
        await WorkerHost.StartAsync(await StoreAsync(), options => options.UnknownJobs = UnknownJobs.Fail);

    public async Task DisposeAsync() => await Worker.DisposeAsync();

    [Fact(Timeout = 60_000)]
    public async Task An_async_job_runs_and_its_result_reaches_the_client()
    {
        var id = await Client.EnqueueAsync(() => ScriptedJobs.EchoAsync("hello"));

        (await Client.WaitAsync<string>(id, Patience)).ShouldBe("hello");
        await HistoryShouldBeAsync(id, "Enqueued", "Processing", "Succeeded");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_synchronous_job_runs_in_another_process()
    {
        var id = await Client.EnqueueAsync(() => ScriptedJobs.ProcessId());

        (await Client.WaitAsync<int>(id, Patience)).ShouldNotBe(Environment.ProcessId);
        await HistoryShouldBeAsync(id, "Enqueued", "Processing", "Succeeded");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_synchronous_job_marked_InProcess_runs_here_on_a_thread_of_its_own()
    {
        var id = await Client.EnqueueAsync(() => ScriptedJobs.EchoOnAThread("ran"));

        (await Client.WaitAsync<string>(id, Patience)).ShouldBe("ran on its own thread");
    }

    [Fact(Timeout = 120_000)]
    public async Task A_job_whose_exception_is_hard_to_describe_fails_in_each_lane()
    {
        foreach (var kind in OddExceptions.Kinds)
        {
            var inProcess = await Client.EnqueueAsync(() => OddJobs.ThrowAsync(kind));
            var sandboxed = await Client.EnqueueAsync(() => OddJobs.Throw(kind));
            await InStateAsync(inProcess, "Failed", kind);
            await InStateAsync(sandboxed, "Failed", kind);
            (await Client.GetAsync(inProcess))!.History.Count(state => state.Name == "Failed").ShouldBe(2, kind);
        }

        async Task InStateAsync(long id, string state, string kind) => await Eventually.HoldsAsync(
            async () => (await Client.GetAsync(id))!.State!.Name == state, Patience, $"the job that threw '{kind}' is {state}");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_result_without_an_end_is_told_as_one_that_cannot_be_written_in_each_lane()
    {
        long[] ids = [await Client.EnqueueAsync(() => OddJobs.ReturnEndlessAsync()), await Client.EnqueueAsync(() => OddJobs.ReturnEndless())];

        foreach (var id in ids)
            (await Client.WaitAsync<string>(id, Patience)).ShouldNotBeNull().ShouldContain("cannot be written as JSON: It is nested deeper than 128 levels");
    }

    [Fact(Timeout = 60_000)]
    public async Task Texts_that_no_database_holds_are_mended_in_each_lane()
    {
        long[] ids = [await Client.EnqueueAsync(() => OddJobs.ReturnHalfAsync()), await Client.EnqueueAsync(() => OddJobs.ReturnHalf(null!))];

        foreach (var id in ids)
            (await Client.WaitAsync<string>(id, Patience)).ShouldBe("half: \ufffd, none: \0");
        await Eventually.HoldsAsync(async () => (await Worker.Store.Reader.ReadLogAsync(ids[1], 0, 10, default)).Count == 1);
        (await Worker.Store.Reader.ReadLogAsync(ids[1], 0, 10, default)).ShouldHaveSingleItem().Message.ShouldStartWith("log: \ufffd");
        await Eventually.HoldsAsync(async () => (await Client.GetAsync(ids[1]))!.Progress is not null);
        (await Client.GetAsync(ids[1]))!.Progress!.Message.ShouldNotBeNull().ShouldStartWith("progress: \ufffd");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_failed_job_is_scheduled_for_a_retry_with_Hangfires_words()
    {
        var id = await Client.EnqueueAsync(() => ScriptedJobs.FailAsync("boom"));

        await Eventually.HoldsAsync(async () => (await Client.GetAsync(id))!.State!.Name == "Scheduled");
        await HistoryShouldBeAsync(id, "Enqueued", "Processing", "Failed", "Scheduled");
        var job = (await Client.GetAsync(id))!;
        job.State!.Reason.ShouldBe("Retry attempt 1 of 10: boom");
        job.Parameters["RetryCount"].ShouldBe("1");
        job.History[1].Data["ExceptionType"].ShouldBe("System.InvalidOperationException");
        job.History[1].Data["ExceptionMessage"].ShouldBe("boom");
        job.History[1].Data["ExceptionDetails"].ShouldContain(nameof(ScriptedJobs.FailAsync));
        (await Worker.Store.Reader.CountAsync(default)).Retries.ShouldBe(1);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_job_that_fails_until_its_third_attempt_then_succeeds()
    {
        var id = await Client.EnqueueAsync(() => ScriptedJobs.FailUntilAsync(3, null!));

        (await Client.WaitAsync<int>(id, Patience)).ShouldBe(3);
        (await Client.GetAsync(id))!.History.Count(state => state.Name == "Failed").ShouldBe(2);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_job_without_retries_left_fails_for_good_and_tells_its_client()
    {
        var id = await Client.EnqueueAsync(() => ScriptedJobs.Fail("for good"));

        var failure = await Should.ThrowAsync<JobFailedException>(() => Client.WaitAsync(id, Patience));
        failure.Info.Type.ShouldBe("System.InvalidOperationException");
        failure.Message.ShouldBe("for good");
        failure.Info.Details.ShouldContain(nameof(ScriptedJobs.Fail));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_scheduled_job_runs_when_its_time_has_come()
    {
        var id = await Client.ScheduleAsync(() => ScriptedJobs.EchoAsync("later"), TimeSpan.FromSeconds(1));

        (await Client.GetAsync(id))!.State!.Name.ShouldBe("Scheduled");
        (await Client.WaitAsync<string>(id, Patience)).ShouldBe("later");
        await HistoryShouldBeAsync(id, "Scheduled", "Enqueued", "Processing", "Succeeded");
        (await Client.GetAsync(id))!.History[2].Reason.ShouldBe("Triggered by DelayedJobScheduler");
    }

    [Fact(Timeout = 60_000)]
    public async Task Progress_and_log_lines_of_a_job_reach_the_store()
    {
        var id = await Client.EnqueueAsync(() => ScriptedJobs.ReportAsync(null!));
        await Client.WaitAsync(id, Patience);

        await Eventually.HoldsAsync(async () => (await Client.GetAsync(id))!.Progress is { Fraction: 0.5, Message: "half way" });
        await Eventually.HoldsAsync(async () => (await Worker.Store.Reader.ReadLogAsync(id, 0, 10, default)).Any(line => line.Message == "a line from the job"));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_long_job_shows_as_Processing_while_it_runs()
    {
        var id = await Client.EnqueueAsync(() => ScriptedJobs.WaitAtGateAsync($"long {GetType()}", default));

        await Eventually.HoldsAsync(async () => (await Client.GetAsync(id))!.State!.Name == "Processing");
        (await Client.GetAsync(id))!.State!.Data["ServerId"].ShouldStartWith("jobrunner@");
        Gates.Of($"long {GetType()}").Opened.SetResult();
        await Client.WaitAsync(id, Patience);
        await HistoryShouldBeAsync(id, "Enqueued", "Processing", "Succeeded");
    }

    [Fact(Timeout = 60_000)]
    public async Task Deleting_a_running_job_cancels_it_and_writes_nothing_more()
    {
        var gate = $"deleted {GetType()}";
        var id = await Client.EnqueueAsync(() => ScriptedJobs.WaitAtGateAsync(gate, default));
        await Gates.Of(gate).Begun.Task;

        (await Client.DeleteAsync(id)).ShouldBeTrue();

        await Eventually.HoldsAsync(() => Held == 0);
        (await Client.GetAsync(id))!.State!.Name.ShouldBe("Deleted");
    }

    [Fact(Timeout = 60_000)]
    public async Task Requeuing_a_running_job_stops_that_run_and_starts_another()
    {
        var gate = $"requeued {GetType()}";
        var id = await Client.EnqueueAsync(() => ScriptedJobs.WaitAtGateAsync(gate, default));
        await Gates.Of(gate).Begun.Task;

        (await Client.RequeueAsync(id)).ShouldBeTrue();

        await Eventually.HoldsAsync(() => Gates.Of(gate).Times == 2);
        Gates.Of(gate).Opened.SetResult();
        await Client.WaitAsync(id, Patience);
        (await Client.GetAsync(id))!.History.Count(state => state.Name == "Succeeded").ShouldBe(1);
        await Eventually.HoldsAsync(() => Held == 0);
    }

    [Fact(Timeout = 60_000)]
    public async Task Requeuing_again_and_again_loses_no_job()
    {
        var gate = $"requeued often {GetType()}";
        var id = await Client.EnqueueAsync(() => ScriptedJobs.WaitAtGateAsync(gate, default));
        for (var i = 0; i < 50; i++)
            (await Client.RequeueAsync(id)).ShouldBeTrue();

        Gates.Of(gate).Opened.SetResult();
        await Eventually.HoldsAsync(async () => (await Client.GetAsync(id))!.State!.Name == "Succeeded", Patience, "the last run succeeds");
        await Eventually.HoldsAsync(() => Held == 0);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_late_word_that_a_job_was_withdrawn_does_not_stop_its_next_run()
    {
        var gate = $"late word {GetType()}";
        var id = await Client.EnqueueAsync(() => ScriptedJobs.WaitAtGateAsync(gate, default));
        await Gates.Of(gate).Begun.Task;

        Worker.Services.GetRequiredService<Executions>().Withdraw(id, stateId: 1);

        Gates.Of(gate).Opened.SetResult();
        await Client.WaitAsync(id, Patience);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_job_of_a_type_that_is_not_allowed_fails_and_names_the_setting_where_unknown_jobs_are_to_fail()
    {
        var call = new Invocation("System.IO.File, System.Private.CoreLib", "Delete", ["System.String"], ["\"/tmp/x\""]);
        var id = (await Worker.Store.Actions.AddAsync([new(call, JobState.Enqueued("default", DateTimeOffset.UnixEpoch), new Dictionary<string, string?>())], default))[0];

        await Eventually.HoldsAsync(async () => (await Client.GetAsync(id))!.History.Any(state => state.Name == "Failed"));
        var failed = (await Client.GetAsync(id))!.History.First(state => state.Name == "Failed");
        failed.Data["ExceptionMessage"].ShouldContain("JobRunner:JobAssemblies");
        failed.Reason.ShouldBe("Can not change the state to 'Processing': target method was not found.");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_thousand_jobs_each_run_once()
    {
        var ids = await Client.EnqueueManyAsync(Enumerable.Range(0, 1000).Select(n => JobCall.Of(() => ScriptedJobs.EchoAsync($"{n}"))));

        await Eventually.HoldsAsync(async () => (await Worker.Store.Reader.CountAsync(default)).ByState["Succeeded"] == 1000, Patience);
        foreach (var id in ids)
            await HistoryShouldBeAsync(id, "Enqueued", "Processing", "Succeeded");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_job_that_crashed_its_sandbox_three_times_fails_for_good_whatever_its_retries()
    {
        var id = await Client.EnqueueAsync(() => ScriptedJobs.ExitEachTime());

        await Eventually.HoldsAsync(async () => (await Client.GetAsync(id))!.History.Count(state => state.Name == "Failed") == 3, Patience);
        var job = (await Client.GetAsync(id))!;
        job.State!.Name.ShouldBe("Failed");
        job.State.Reason.ShouldNotBeNull().ShouldStartWith("The job has crashed its sandbox 3 times and is not retried.");
        job.Parameters["CrashCount"].ShouldBe("3");
        job.Parameters["RetryCount"].ShouldBe("2", "crashes are counted apart");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_job_that_overflows_its_stack_fails_alone()
    {
        var id = await Client.EnqueueAsync(() => ScriptedJobs.OverflowTheStack());
        var next = await Client.EnqueueAsync(() => ScriptedJobs.Echo("still here"));

        (await Should.ThrowAsync<JobFailedException>(() => Client.WaitAsync(id, Patience))).Message.ShouldContain("stack");
        (await Client.WaitAsync<string>(next, Patience)).ShouldBe("still here");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_job_over_its_time_limit_is_killed_and_says_so()
    {
        var id = await Client.EnqueueAsync(() => ScriptedJobs.SpinWithALimit());

        (await Should.ThrowAsync<JobFailedException>(() => Client.WaitAsync(id, Patience))).Message.ShouldContain("time limit");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_sandbox_that_is_killed_from_outside_fails_its_job_naming_the_signal_and_the_next_job_runs()
    {
        var pidFile = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        var id = await Client.EnqueueAsync(() => ScriptedJobs.Spin(pidFile));
        await Eventually.HoldsAsync(() => File.Exists(pidFile));

        System.Diagnostics.Process.GetProcessById(int.Parse(await File.ReadAllTextAsync(pidFile))).Kill();

        (await Should.ThrowAsync<JobFailedException>(() => Client.WaitAsync(id, Patience))).Message.ShouldContain("SIGKILL");
        (await Client.GetAsync(id))!.State!.Reason!.ShouldContain("SIGKILL");
        var next = await Client.EnqueueAsync(() => ScriptedJobs.Echo("next"));
        (await Client.WaitAsync<string>(next, Patience)).ShouldBe("next");
        File.Delete(pidFile);
    }

    async Task HistoryShouldBeAsync(long id, params string[] states) =>
        (await Client.GetAsync(id))!.History.Reverse().Select(state => state.Name).ShouldBe(states);
}

public sealed class InMemoryWorkerTests : WorkerBehaviour
{
    protected override Task<Action<JobRunnerBuilder>> StoreAsync() => Task.FromResult<Action<JobRunnerBuilder>>(builder => builder.UseInMemory());
}

public sealed class PostgresWorkerTests : WorkerBehaviour
{
    protected override async Task<Action<JobRunnerBuilder>> StoreAsync()
    {
        var connectionString = await PostgresFixture.CreateDatabaseAsync();
        return builder => builder.UsePostgres(connectionString);
    }
}
