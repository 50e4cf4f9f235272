using Newtonsoft.Json;

namespace JobRunner.Worker;

/// <summary>What the async lane and the thread lane share: running a call in this process.</summary>
abstract class InProcessLane(
    string name, int capacity, int backlog, JobPerformer performer, JobNotes notes, Committer committer, ClaimWake wake, TimeProvider time)
    : Lane(name, capacity, backlog, committer, wake, time)
{
    protected override async ValueTask<Outcome> PerformAsync(Execution execution)
    {
        var started = Time.GetTimestamp();
        try
        {
            // Until it waits for something for the first time, the job has this thread.
            execution.OnThreadSince = started;
            var running = performer.RunAsync(
                execution.Method!, execution.Job.Invocation!, Cultures.Of(execution.Job), new JobContext(execution, notes));
            execution.OnThreadSince = null;
            return new Outcome.Succeeded(await running, Time.GetElapsedTime(started));
        }
        catch (OperationCanceledException) when (execution.StopReason is not null)
        {
            return Outcome.OfStop(execution.StopReason.Value);
        }
        catch (Exception e)
        {
            return new Outcome.Failed(EndReason.Exception, ExceptionInfo.From(e));
        }
    }
}

/// <summary>Jobs that wait rather than work: thousands in flight, a thread only for those that have something to do.</summary>
sealed class AsyncLane(
    int capacity, int backlog, JobPerformer performer, JobNotes notes, Committer committer, ClaimWake wake, TimeProvider time)
    : InProcessLane("async", capacity, backlog, performer, notes, committer, wake, time)
{
    // In the queue of the thread that launches it, not in the one of all threads: jobs that block must not stand before the answers of sockets there.
    protected override void Launch(Execution execution) => _ = Task.Run(() => RunAsync(execution));
}

/// <summary>Synchronous jobs that were asked to stay in this process: each on a thread of its own, never one of the pool's.</summary>
sealed class ThreadLane(
    int capacity, int backlog, JobPerformer performer, JobNotes notes, Committer committer, ClaimWake wake, TimeProvider time)
    : InProcessLane("thread", capacity, backlog, performer, notes, committer, wake, time)
{
    protected override void Launch(Execution execution) =>
        _ = OnOwnThread(() => RunAsync(execution));

    // Whatever was waited for before may have ended on a thread of the pool.
    protected override ValueTask<Outcome> PerformAsync(Execution execution) => Thread.CurrentThread.IsThreadPoolThread
        ? new(OnOwnThread(() => base.PerformAsync(execution).AsTask()).Unwrap())
        : base.PerformAsync(execution);

    static Task<T> OnOwnThread<T>(Func<T> run) =>
        Task.Factory.StartNew(run, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}

/// <summary>The cultures that a job was enqueued under.</summary>
static class Cultures
{
    public static JobCultures Of(Storage.ClaimedJob job) => new(Read(job, "CurrentCulture"), Read(job, "CurrentUICulture"));

    static string? Read(Storage.ClaimedJob job, string parameter)
    {
        if (job.Parameters.GetValueOrDefault(parameter) is not { } json)
            return null;
        if (json is ['"', .. var name, '"'] && !name.Contains('\\', StringComparison.Ordinal))
            return name; // as cultures are written: without a reader for each job
        try
        {
            return JsonConvert.DeserializeObject<string>(json);
        }
        catch (JsonException)
        {
            return null; // not what Hangfire writes: the job runs under the worker's own culture
        }
    }
}
