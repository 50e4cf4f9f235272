using JobRunner.Storage;
using JobRunner.TestSupport;

namespace JobRunner.Worker.Tests;

/// <summary>What a worker leaves in the history of executions, whatever store there is.</summary>
public abstract class ExecutionHistoryTests : IAsyncLifetime
{
    WorkerHost _worker = null!;

    protected abstract Task<Action<JobRunnerBuilder>> StoreAsync();

    IJobClient Client => _worker.Client;

    public async Task InitializeAsync() => _worker = await WorkerHost.StartAsync(await StoreAsync());

    public async Task DisposeAsync() => await _worker.DisposeAsync();

    [Fact(Timeout = 60_000)]
    public async Task Each_attempt_leaves_a_line()
    {
        var id = await Client.EnqueueAsync(() => ScriptedJobs.FailUntilAsync(2, null!));
        var failed = await Client.EnqueueAsync(() => PolicyJobs.KeptAsync(true));

        var lines = await LinesAsync(3);

        lines.Where(line => line.JobId == id).Select(line => (line.Attempt, line.End, line.Reason, line.Error)).ShouldBe(
            [(1, ExecutionEnd.Retried, EndReason.Exception, "System.InvalidOperationException: attempt 1"), (2, ExecutionEnd.Succeeded, null, null)]);
        var last = lines.Single(line => line.JobId == failed);
        (last.End, last.Attempt, last.Queue, last.Method).ShouldBe((ExecutionEnd.Failed, 1, "default", "JobRunner.TestSupport.PolicyJobs.KeptAsync"));
        last.Server.ShouldStartWith("jobrunner@");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_job_that_is_deleted_while_it_runs_leaves_one_line_and_one_that_runs_long_its_time()
    {
        var gate = $"history {GetType()}";
        var id = await Client.EnqueueAsync(() => ScriptedJobs.WaitAtGateAsync(gate, default));
        await Eventually.HoldsAsync(async () => (await Client.GetAsync(id))!.State!.Name == JobStates.Processing);
        await Client.DeleteAsync(id);

        var line = (await LinesAsync(1)).ShouldHaveSingleItem();

        (line.JobId, line.End, line.Reason, line.Error).ShouldBe((id, ExecutionEnd.Cancelled, EndReason.Cancelled, null));
        line.Ran.ShouldBeGreaterThan(TimeSpan.FromMilliseconds(40), "it has been marked as running after 50 ms");
        line.Waited.ShouldBeLessThan(TimeSpan.FromSeconds(30));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_call_that_cannot_be_loaded_leaves_a_line_without_a_name()
    {
        var call = new Invocation(typeof(PolicyJobs).AssemblyQualifiedName!, "Gone", [], []);
        await _worker.Store.Actions.AddAsync([new(call, JobState.Enqueued("default", DateTimeOffset.UnixEpoch), new Dictionary<string, string?>())], default);

        var line = (await LinesAsync(1)).ShouldHaveSingleItem();

        (line.Method, line.End, line.Ran).ShouldBe(("?", ExecutionEnd.Retried, TimeSpan.Zero));
        line.Error.ShouldNotBeNull().ShouldContain("Gone");
    }

    // Oldest first.
    async Task<ExecutionRecord[]> LinesAsync(int count)
    {
        ExecutionRecord[] lines = [];
        await Eventually.HoldsAsync(async () =>
        {
            var now = TimeProvider.System.GetUtcNow();
            lines = [.. (await _worker.Store.History.ReadAsync(new(now.AddHours(-1), now.AddHours(1), 100), default)).Reverse()];
            return lines.Length >= count;
        });
        lines.Length.ShouldBe(count);
        return lines;
    }
}

public sealed class InMemoryExecutionHistoryTests : ExecutionHistoryTests
{
    protected override Task<Action<JobRunnerBuilder>> StoreAsync() =>
        Task.FromResult<Action<JobRunnerBuilder>>(builder => builder.UseInMemory(history: 100));
}

public sealed class PostgresExecutionHistoryTests : ExecutionHistoryTests
{
    protected override async Task<Action<JobRunnerBuilder>> StoreAsync()
    {
        var connectionString = await PostgresFixture.CreateDatabaseAsync();
        return builder => builder.UsePostgres(connectionString, options => options.History = TimeSpan.FromDays(30));
    }
}
