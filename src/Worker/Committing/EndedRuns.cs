using JobRunner.Storage;

namespace JobRunner.Worker;

/// <summary>What the history of executions is told of runs that end.</summary>
static class EndedRuns
{
    /// <summary>A run with an outcome that changes its job's state.</summary>
    public static EndedRun Of(Execution execution, Outcome outcome, string serverId, DateTimeOffset now) => new(
        execution.Method is null ? null : execution.Job.Invocation, execution.Job.Queue, serverId, execution.Job.StateId, execution.Attempt,
        execution.StartedAt,
        outcome is Outcome.Succeeded succeeded ? succeeded.Duration : now - execution.StartedAt ?? TimeSpan.Zero,
        outcome switch
        {
            Outcome.Failed failed => failed.Reason,
            Outcome.Cancelled => EndReason.Cancelled,
            Outcome.Interrupted => EndReason.Shutdown,
            _ => null,
        });

    /// <summary>A run whose job was deleted or requeued while it ran; null for one that another worker has taken over, or that never began.</summary>
    public static EndedRun? OfCancelled(Execution execution, string serverId, DateTimeOffset now) =>
        execution is { StopReason: EndReason.Cancelled, StartedAt: not null } ? Of(execution, new Outcome.Cancelled(), serverId, now) : null;
}
