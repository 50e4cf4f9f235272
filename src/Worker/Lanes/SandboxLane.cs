using JobRunner.Sandbox;

namespace JobRunner.Worker;

/// <summary>Jobs that run in child processes.</summary>
sealed class SandboxLane(
    int capacity, int backlog, ISandboxPool pool, JobNotes notes, Committer committer, ClaimWake wake, TimeProvider time)
    : Lane("sandbox", capacity, backlog, committer, wake, time)
{
    protected override void Launch(Execution execution) => _ = Task.Run(() => RunAsync(execution));

    protected override async ValueTask<Outcome> PerformAsync(Execution execution)
    {
        var started = Time.GetTimestamp();
        try
        {
            var end = await pool.RunAsync(CallOf(execution), execution.CancellationToken);
            return end switch
            {
                SandboxEnd.Returned returned => new Outcome.Succeeded(returned.Result, Time.GetElapsedTime(started)),
                SandboxEnd.Ended { Reason: EndReason.Cancelled } => Outcome.OfStop(execution.StopReason ?? EndReason.Cancelled),
                SandboxEnd.Ended ended => new Outcome.Failed(ended.Reason, ended.Exception),
                _ => throw new InvalidOperationException($"An end of kind {end.GetType().Name} is not known."),
            };
        }
        catch (Exception e)
        {
            return new Outcome.Failed(EndReason.Exception, ExceptionInfo.From(e)); // the pool itself is broken: told, not hidden
        }
    }

    SandboxCall CallOf(Execution execution) => CallOf(execution, execution.Method!.Attribute<SandboxedAttribute>());

    SandboxCall CallOf(Execution execution, SandboxedAttribute? limits) => new(execution.Job.Invocation!)
    {
        JobId = execution.Job.JobId,
        Attempt = execution.Attempt,
        Queue = execution.Job.Queue,
        Cultures = Cultures.Of(execution.Job),
        TimeLimit = limits?.TimeLimitSpan,
        MemoryLimitMb = limits is { MemoryLimitMb: > 0 } ? limits.MemoryLimitMb : null,
        CpuTimeLimit = limits?.CpuTimeLimitSpan,
        Observer = new JobContext(execution, notes),
        AllowSynchronousContinuations = true, // what follows are lines in memory: the committer's, and this lane's
    };
}
