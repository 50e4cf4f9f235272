using JobRunner.Storage;

namespace JobRunner.Dashboard.Tests.Support;

/// <summary>Puts jobs of any kind into the store.</summary>
sealed class Given(IJobStore store)
{
    public const string Server = "jobrunner@build-7:4242:0d9c1b7e-5a39-4a55-b0ee-9a35a9a3b1b1";

    static readonly Dictionary<string, string?> _parameters = new() { ["CurrentCulture"] = "\"en-GB\"", ["RetryCount"] = "2" };

    /// <summary>The instant before which all given jobs lie.</summary>
    public static DateTimeOffset Now { get; } = TimeProvider.System.GetUtcNow();

    public static Invocation Call(string method = "Render", params string?[] arguments) =>
        new("Acme.Media.VideoJobs, Acme.Media", method, [.. arguments.Select(_ => "System.String")], arguments);

    /// <summary>A job in any of the seven states.</summary>
    public Task<long> JobAsync(string state, Invocation? call = null, TimeSpan age = default) => state switch
    {
        JobStates.Enqueued => AddAsync(JobState.Enqueued("default", Now - age), call),
        JobStates.Scheduled => AddAsync(JobState.Scheduled(Now.AddMinutes(20), Now - age), call),
        JobStates.Awaiting => AddAsync(
            new(JobStates.Awaiting, Now - age, new Dictionary<string, string> { ["ParentId"] = "1", ["Options"] = "OnlyOnSucceededState" }), call),
        JobStates.Processing => RunAsync(call, age),
        JobStates.Succeeded => RunAsync(call, age, SucceededWith("{\"Frames\":1440,\"Codec\":\"av1\"}", age)),
        JobStates.Failed => RunAsync(call, age, FailedWith(new InvalidOperationException("The codec is not installed."), age)),
        _ => RunAsync(call, age, JobState.Deleted(Now - age, StateReasons.FromDashboard)),
    };

    public static JobState SucceededWith(string? result, TimeSpan age = default) =>
        JobState.Succeeded(Now - age, TimeSpan.FromMilliseconds(37), TimeSpan.FromMilliseconds(12_345), result);

    public static JobState FailedWith(Exception exception, TimeSpan age = default) =>
        JobState.Failed(Now - age, ExceptionInfo.From(exception), Server);

    /// <summary>A job that a worker has taken, and that then went through the given states.</summary>
    public async Task<long> RunAsync(Invocation? call, TimeSpan age, params JobState[] then)
    {
        var queue = "q" + Guid.NewGuid().ToString("N");
        var id = await AddAsync(JobState.Enqueued(queue, Now - age - TimeSpan.FromSeconds(80)), call);
        var claimed = (await store.Queue.ClaimAsync([queue], 1, default)).ShouldHaveSingleItem();
        var running = JobState.Processing(Server, Guid.NewGuid().ToString("N"), Now - age - TimeSpan.FromSeconds(12));
        var applied = await store.Queue.ApplyAsync(
            [new(id, claimed.StateId, claimed.StateName, [running, .. then], Claim: claimed.Claim)], default);
        applied.ShouldHaveSingleItem().ShouldNotBeNull();
        return id;
    }

    public async Task<long> AddAsync(JobState state, Invocation? call = null) =>
        (await store.Actions.AddAsync([new(call ?? Call("Render", "\"intro.mov\"", "1080"), state, _parameters)], default)).Single();

    public Task LogAsync(long id, params string[] lines) =>
        store.Notes.WriteAsync([.. lines.Select((text, i) => new JobLogLine(0, id, Now.AddMilliseconds(i * 130), 2, text))], [], default);

    public Task ProgressAsync(long id, double fraction, string? message) =>
        store.Notes.WriteAsync([], [new(id, fraction, message, Now)], default);

    public void Announce(string id = Server, params string[] queues) =>
        store.Servers.Announce(new(id, queues.Length == 0 ? ["default"] : queues, 20, Now.AddHours(-3), Now), TimeSpan.FromSeconds(30));
}
