using JobRunner.Storage;

namespace JobRunner.Worker;

/// <summary>Hands claimed jobs to their lanes. What cannot be loaded fails here, with the reason.</summary>
sealed class Dispatcher(
    JobMethods methods, ArgumentSerializer arguments, Router router, WorkerLanes lanes, Exclusions exclusions, Executions executions,
    Committer committer, TimeProvider time)
{
    /// <summary>How many jobs may be claimed, whatever lanes they turn out to be for.</summary>
    public int Room => Math.Min(exclusions.Room, lanes.All.Min(lane => lane.Room));

    public void Dispatch(ClaimedJob job)
    {
        JobMethod? method = null;
        string? resource = null;
        ExceptionInfo? error = null;
        try
        {
            method = Load(job);
            resource = method.Policy.Exclusion?.ResourceOf(method, () => arguments.ReadAll(method, job.Invocation!));
        }
        catch (Exception e)
        {
            // Not only JobLoadException: a type's static constructor or a missing dependency may throw anything.
            error = ExceptionInfo.From(e);
        }

        var execution = new Execution(job, time.GetTimestamp()) { Method = method };
        executions.Add(execution);
        if (error is not null)
            _ = committer.EndAsync(execution, new Outcome.Failed(EndReason.Exception, error)).AsTask();
        else if (resource is null)
            Start(execution);
        else
            exclusions.Add(execution, resource, method!.Policy.Exclusion!.Timeout, () => Start(execution));
    }

    /// <summary>Gives a job back that is not for this worker.</summary>
    public void GiveBack(ClaimedJob job)
    {
        var execution = new Execution(job, time.GetTimestamp());
        executions.Add(execution);
        _ = committer.EndAsync(execution, new Outcome.Interrupted()).AsTask();
    }

    void Start(Execution execution) => lanes.Of(router.LaneOf(execution.Method!, execution.Job.Queue)).Add(execution);

    JobMethod Load(ClaimedJob job)
    {
        var method = methods.Find(job.Invocation ?? throw new JobLoadException(job.LoadError ?? "The stored call cannot be read."));
        _ = method.Policy; // now, where it may throw: the committer asks for it too
        return method;
    }
}
