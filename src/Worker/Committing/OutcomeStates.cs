using System.Globalization;
using JobRunner.Storage;

namespace JobRunner.Worker;

/// <summary>The one place where an outcome becomes states. Pure but for the jitter of retries.</summary>
static class OutcomeStates
{
    const int MostCrashes = 3;

    /// <summary>The change that marks a job as running.</summary>
    public static StateChange Start(Execution execution, string serverId) =>
        Change(execution, [Processing(execution, serverId)]);

    /// <summary>The change that ends an execution, or null when there is nothing to write. A job too short to have been marked
    /// as running gets that history row now.</summary>
    public static StateChange? End(
        Execution execution, Outcome outcome, string serverId, QueueRule queues, DateTimeOffset now, Random random) => outcome switch
    {
        Outcome.Succeeded succeeded => Change(execution, WithProcessing(execution, serverId,
            JobState.Succeeded(now, (execution.StartedAt ?? now) - execution.Job.CreatedAt, succeeded.Duration, succeeded.Result))),
        Outcome.Failed failed => Failed(execution, failed, serverId, queues, now, random),
        _ => null,
    };

    static StateChange Failed(
        Execution execution, Outcome.Failed failed, string serverId, QueueRule queues, DateTimeOffset now, Random random)
    {
        var loaded = execution.Method is not null && failed.Exception.Type != typeof(JobLoadException).FullName;
        var failure = JobState.Failed(now, failed.Exception, serverId, loaded ? ReasonOf(failed) : StateReasons.NotFound);
        var crashes = failed.Reason == EndReason.Crash ? execution.Crashes + 1 : 0;
        if (crashes >= MostCrashes)
            return Poisoned(execution, failure, crashes, serverId);
        var policy = execution.Method?.Policy.Retry ?? RetryPolicy.Default;
        var next = policy.Next(
            execution.Attempt, failed.Exception, () => queues.Of(execution.Job.Invocation) ?? QueueName.Default, now, random);
        JobState[] states = next is null ? [failure] : [failure, next];
        return Change(execution, loaded ? WithProcessing(execution, serverId, states) : states) with
        {
            Parameters = Counts(next is null or { Name: JobStates.Deleted } ? 0 : execution.Attempt, crashes),
        };
    }

    // Whatever its retries say: a job that takes its process down each time costs more than itself.
    static StateChange Poisoned(Execution execution, JobState failure, int crashes, string serverId) =>
        Change(execution, WithProcessing(execution, serverId, failure with
        {
            Reason = string.Create(CultureInfo.InvariantCulture, $"The job has crashed its sandbox {crashes} times and is not retried. {failure.Reason}"),
        })) with { Parameters = Counts(0, crashes) };

    static Dictionary<string, string?>? Counts(int retries, int crashes)
    {
        if (retries == 0 && crashes == 0)
            return null;
        var counts = new Dictionary<string, string?>(2);
        if (retries > 0)
            counts.Add("RetryCount", retries.ToString(CultureInfo.InvariantCulture));
        if (crashes > 0)
            counts.Add("CrashCount", crashes.ToString(CultureInfo.InvariantCulture));
        return counts;
    }

    static string ReasonOf(Outcome.Failed failed) =>
        failed.Reason == EndReason.Exception ? StateReasons.JobThrew : failed.Exception.Message;

    static StateChange Change(Execution execution, IReadOnlyList<JobState> states) => new(
        execution.Job.JobId, execution.StateId, execution.StateName, states, execution.Job.Invocation?.Queue, execution.Job.Claim);

    static JobState[] WithProcessing(Execution execution, string serverId, params ReadOnlySpan<JobState> states) =>
        execution.IsMarked || execution.StartedAt is null ? states.ToArray() : [Processing(execution, serverId), .. states];

    static JobState Processing(Execution execution, string serverId) =>
        JobState.Processing(serverId, execution.WorkerId.ToString(), execution.StartedAt!.Value);
}
