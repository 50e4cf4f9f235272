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
        Execution execution, Outcome outcome, string serverId, QueueRule queues, RetentionRule retention, DateTimeOffset now, Random random) =>
        End(execution, outcome, serverId, queues, now, random) is { } change
            ? change with { Retention = retention.Of(change.States[^1], execution.Method?.Policy) }
            : null;

    static StateChange? End(
        Execution execution, Outcome outcome, string serverId, QueueRule queues, DateTimeOffset now, Random random) => outcome switch
    {
        Outcome.Succeeded succeeded => Change(execution, WithProcessing(execution, serverId,
            JobState.Succeeded(now, (execution.StartedAt ?? now) - execution.Job.CreatedAt, succeeded.Duration, succeeded.Result))),
        Outcome.Failed failed => Failed(execution, failed, serverId, queues, now, random),
        Outcome.Interrupted when execution is { IsMarked: true, Method.Policy.AtMostOnce: true } =>
            Failed(execution, new(EndReason.Shutdown, CutOff), serverId, queues, now, random),
        _ => null,
    };

    static ExceptionInfo CutOff { get; } = new("JobRunner.JobCutOffException", CutOffText, CutOffText);

    const string CutOffText = "The run was cut off before the job had ended, because its worker stopped or its lock was lost. It is not run again, because it is marked [AtMostOnce].";

    static StateChange Failed(
        Execution execution, Outcome.Failed failed, string serverId, QueueRule queues, DateTimeOffset now, Random random)
    {
        var loaded = execution.Method is not null && failed.Exception.Type != typeof(JobLoadException).FullName;
        var failure = JobState.Failed(now, failed.Exception, serverId, loaded ? ReasonOf(failed) : StateReasons.NotFound);
        var crashes = failed.Reason == EndReason.Crash ? execution.Crashes + 1 : 0;
        if (crashes >= MostCrashes)
            return Poisoned(execution, failure, crashes, serverId);
        var policy = execution.Method?.Policy.Retry ?? RetryPolicy.Default;
        var next = IsForGood(execution, failed) ? null : policy.Next(
            execution.Attempt, failed.Exception, () => queues.Of(execution.Job.Invocation) ?? QueueName.Default, now, random);
        JobState[] states = next is null ? [failure] : [failure, next];
        return Change(execution, loaded ? WithProcessing(execution, serverId, states) : states) with
        {
            Parameters = Counts(next is null or { Name: JobStates.Deleted } ? 0 : execution.Attempt, crashes, DeathsAfter(execution, failed)),
        };
    }

    // To run a job again that has done its work, or that takes its worker down, would do harm.
    static bool IsForGood(Execution execution, Outcome.Failed failed) =>
        failed.Reason is EndReason.NotStored or EndReason.WorkerDied || execution.Method?.Policy.AtMostOnce == true;

    // A job that ended by itself did its worker no harm. One that is failed for its dead workers has one more run when somebody
    // requeues it.
    static string? DeathsAfter(Execution execution, Outcome.Failed failed) => execution.Deaths == 0 ? null : WorkerDeaths.Last(
        execution.Job.Parameters[WorkerDeaths.Parameter], failed.Reason == EndReason.WorkerDied ? Suspects.MostDeaths - 1 : 0);

    // Whatever its retries say: a job that takes its process down each time costs more than itself.
    static StateChange Poisoned(Execution execution, JobState failure, int crashes, string serverId) =>
        Change(execution, WithProcessing(execution, serverId, failure with
        {
            Reason = string.Create(CultureInfo.InvariantCulture, $"The job has crashed its sandbox {crashes} times and is not retried. {failure.Reason}"),
        })) with { Parameters = Counts(0, crashes, null) };

    static Dictionary<string, string?>? Counts(int retries, int crashes, string? deaths)
    {
        if (retries == 0 && crashes == 0 && deaths is null)
            return null;
        var counts = new Dictionary<string, string?>(3);
        if (deaths is not null)
            counts.Add(WorkerDeaths.Parameter, deaths);
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
