using JobRunner.Storage;
using Shouldly;
using Xunit;

namespace JobRunner.TestSupport;

/// <summary>
/// What every store must do, whatever it keeps jobs in. Each store's test project derives from this once. One file for each
/// topic; this one has what the tests share.
/// </summary>
public abstract partial class JobStoreConformance : IAsyncLifetime
{
    /// <summary>For a test that could wait for ever.</summary>
    protected const int Limit = 60_000;

    protected static readonly TimeSpan Silence = TimeSpan.FromSeconds(30);

    static readonly RetentionRule _retention = new(new());
    static readonly Dictionary<string, string?> _noParameters = [];

    protected IJobStore Store { get; private set; } = null!;

    /// <summary>An empty store.</summary>
    protected abstract Task<IJobStore> CreateAsync();

    /// <summary>Makes all that is stored older by <paramref name="time"/>: leases, heartbeats, expiries, and what is
    /// scheduled comes that much nearer.</summary>
    protected abstract Task PassTimeAsync(TimeSpan time);

    /// <summary>The time as the store sees it.</summary>
    protected abstract DateTimeOffset Now { get; }

    public async Task InitializeAsync()
    {
        Store = await CreateAsync();
        await Store.InitializeAsync(default);
    }

    public virtual async Task DisposeAsync()
    {
        if (Store is IAsyncDisposable disposable)
            await disposable.DisposeAsync();
    }

    protected static Invocation Call(string? ownQueue = null, params string?[] arguments) =>
        new("Shop.Contracts.StaticJobs, Shop.Contracts", "Echo", [.. arguments.Select(_ => "System.String")], arguments, ownQueue);

    protected NewJob Enqueued(string queue = "default", string? ownQueue = null) =>
        new(Call(ownQueue, "\"x\""), JobState.Enqueued(queue, Now), _noParameters);

    protected NewJob Scheduled(TimeSpan delay, string? ownQueue = null) =>
        new(Call(ownQueue, "\"x\""), JobState.Scheduled(Now + delay, Now), _noParameters);

    protected async Task<long> AddAsync(NewJob job) => (await Store.Actions.AddAsync([job], default))[0];

    protected async Task<ClaimedJob> AddAndClaimAsync(NewJob? job = null)
    {
        var id = await AddAsync(job ?? Enqueued());
        return (await ClaimAsync(100, "default", "low", "critical")).Single(claimed => claimed.JobId == id);
    }

    protected Task<IReadOnlyList<ClaimedJob>> ClaimAsync(int count = 100, params string[] queues) =>
        Store.Queue.ClaimAsync(queues is [] ? ["default"] : queues, count, default);

    protected JobState Processing(string server = "jobrunner@test:1:5d2c") => JobState.Processing(server, Guid.NewGuid().ToString(), Now);

    protected JobState Succeeded(string? result = null) => JobState.Succeeded(Now, TimeSpan.FromMilliseconds(5), TimeSpan.FromMilliseconds(7), result);

    protected JobState Failed() => JobState.Failed(Now, new ExceptionInfo("System.InvalidOperationException", "boom", "at Shop"), null);

    protected JobState Retry(TimeSpan? delay = null) =>
        JobState.Scheduled(Now + (delay ?? TimeSpan.FromSeconds(20)), Now, "Retry attempt 1 of 10: boom");

    /// <summary>Enqueues what is due so much later.</summary>
    protected async Task<int> EnqueueDueAsync(TimeSpan later, int count = 10)
    {
        await PassTimeAsync(later);
        return await Store.Maintenance.EnqueueDueAsync(count, default);
    }

    /// <summary>What an execution of <paramref name="job"/> writes.</summary>
    protected static StateChange By(ClaimedJob job, params JobState[] states) =>
        new(job.JobId, job.StateId, job.StateName, states, job.Invocation?.Queue, job.Claim, Retention: _retention.Of(states[^1], job.Invocation));

    protected async Task<long?> ApplyAsync(StateChange change) => (await Store.Queue.ApplyAsync([change], default)).ShouldHaveSingleItem();

    /// <summary>Takes <paramref name="job"/> to Processing, and returns it as its execution sees it then.</summary>
    protected async Task<ClaimedJob> StartAsync(ClaimedJob job, string server = "jobrunner@test:1:5d2c") => job with
    {
        StateId = (await ApplyAsync(By(job, Processing(server)))).ShouldNotBeNull(),
        StateName = JobStates.Processing,
    };

    protected async Task<JobDetails> GetAsync(long jobId) => (await Store.Reader.GetAsync(jobId, default)).ShouldNotBeNull();

    protected async Task<string[]> HistoryAsync(long jobId) => [.. (await GetAsync(jobId)).History.Select(state => state.Name)];

    protected async Task<long> CountAsync(string state) => (await Store.Reader.CountAsync(default)).ByState[state];

    protected ServerInfo Server(string id = "jobrunner@test:1:5d2c") => new(id, ["default"], 4, Now, Now);
}
