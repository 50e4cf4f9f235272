using JobRunner.Storage;
using JobRunner.TestSupport;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace JobRunner.Worker.Tests;

/// <summary>How a worker stops.</summary>
public class StopTests
{
    readonly IJobStore _store = WorkerHost.NewInMemoryStore();

    Action<JobRunnerBuilder> Shared => builder => builder.Services.AddSingleton(_store);

    [Fact(Timeout = 60_000)]
    public async Task A_stop_waits_for_running_jobs()
    {
        await using var worker = await WorkerHost.StartAsync(Shared);
        var id = await worker.Client.EnqueueAsync(() => ScriptedJobs.WaitAtGateAsync("stop waits", default));
        await Gates.Of("stop waits").Begun.Task;

        var stopping = worker.StopAsync();
        stopping.IsCompleted.ShouldBeFalse();
        Gates.Of("stop waits").Opened.SetResult();
        await stopping;

        (await _store.Reader.GetAsync(id, default))!.State!.Name.ShouldBe("Succeeded");
        (await _store.Servers.ListAsync(default)).ShouldBeEmpty();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_loop_that_ends_by_a_fault_stops_the_application()
    {
        var faults = new StoreFaults { Before = (operation, _) => operation == nameof(IWorkQueue.ListenAsync) ? new InvalidOperationException("A fault, says the test.") : null };
        await using var worker = await WorkerHost.StartAsync(builder => builder.Services.AddSingleton(faults.Around(_store)));

        var stopping = worker.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        await Eventually.HoldsAsync(() => stopping.IsCancellationRequested);

        worker.Log.Lines.ShouldContain(line => line.StartsWith("Critical", StringComparison.Ordinal) && line.Contains("listen", StringComparison.Ordinal) && line.Contains("says the test", StringComparison.Ordinal));
        worker.Services.GetServices<IHostedService>().OfType<WorkerService>().ShouldHaveSingleItem().HasFaulted.ShouldBeTrue();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_job_cut_off_by_a_stop_is_given_back_at_no_cost_to_its_attempts()
    {
        await using var worker = await WorkerHost.StartAsync(Shared, options => options.ShutdownGrace = TimeSpan.Zero);
        var id = await worker.Client.EnqueueAsync(() => ScriptedJobs.WaitAtGateAsync("cut off", default));
        await Gates.Of("cut off").Begun.Task;

        await worker.StopAsync();

        var job = (await _store.Reader.GetAsync(id, default))!;
        job.Parameters.Keys.ShouldNotContain("RetryCount");
        job.State!.Name.ShouldBeOneOf("Enqueued", "Processing");
        await RunsAgainAsync(id, "cut off");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_job_that_ignores_its_cancellation_is_given_back_all_the_same()
    {
        await using var worker = await WorkerHost.StartAsync(Shared, options =>
        {
            options.ShutdownGrace = TimeSpan.Zero;
            options.CancelGrace = TimeSpan.FromMilliseconds(100);
        });
        var id = await worker.Client.EnqueueAsync(() => ScriptedJobs.IgnoreCancellationAsync("ignores"));
        await Gates.Of("ignores").Begun.Task;

        await worker.StopAsync();

        worker.Log.Lines.ShouldContain(line => line.Contains("ignore their cancellation"));
        await RunsAgainAsync(id, "ignores");
    }

    [Fact(Timeout = 60_000)]
    public async Task Jobs_that_wait_for_a_slot_are_given_back_at_a_stop()
    {
        await using var worker = await WorkerHost.StartAsync(Shared, options => options.ThreadConcurrency = 1);
        var ids = await worker.Client.EnqueueManyAsync(Enumerable.Range(0, 50).Select(_ => JobCall.Of(() => ScriptedJobs.EchoOnAThread("x"))));

        await worker.StopAsync();

        var states = new List<string>();
        foreach (var id in ids)
            states.Add((await _store.Reader.GetAsync(id, default))!.State!.Name);
        states.ShouldAllBe(state => state == "Succeeded" || state == "Enqueued");
        (await _store.Queue.ClaimAsync(["default"], 100, default)).Count.ShouldBe(states.Count(state => state == "Enqueued"));
    }

    [Fact(Timeout = 60_000)]
    public async Task The_jobs_of_a_worker_that_died_are_rescued()
    {
        var call = new ArgumentSerializer(new TypeResolver([])).ToInvocation(JobCall.Of(() => ScriptedJobs.EchoAsync("rescued")));
        var now = TimeProvider.System.GetUtcNow();
        var id = (await _store.Actions.AddAsync([new(call, JobState.Enqueued("default", now), new Dictionary<string, string?>())], default))[0];
        var claimed = (await _store.Queue.ClaimAsync(["default"], 1, default))[0];
        var processing = JobState.Processing("jobrunner@dead:1:0", "00000000-0000", now);
        await _store.Queue.ApplyAsync([new(id, claimed.StateId, claimed.StateName, [processing], Claim: claimed.Claim)], default);

        await using var alive = await WorkerHost.StartAsync(Shared, options =>
        {
            options.LeaseInterval = options.HeartbeatInterval = TimeSpan.FromMilliseconds(100);
            options.RescueAfter = TimeSpan.FromSeconds(1);
        });

        (await alive.Client.WaitAsync<string>(id, TimeSpan.FromSeconds(10))).ShouldBe("rescued");
        alive.Log.Lines.ShouldContain(line => line.Contains("Took back 1 jobs"));
    }

    async Task RunsAgainAsync(long id, string gate)
    {
        Gates.Of(gate).Opened.TrySetResult();
        await using var next = await WorkerHost.StartAsync(Shared);
        await next.Client.WaitAsync(id, TimeSpan.FromSeconds(10));
        (await _store.Reader.GetAsync(id, default))!.History.Count(state => state.Name == "Succeeded").ShouldBe(1);
    }
}
