using JobRunner.Storage;

namespace JobRunner.Worker;

/// <summary>Hands claimed jobs to their lanes. What cannot be loaded fails here, with the reason.</summary>
sealed class Dispatcher(JobMethods methods, Router router, WorkerLanes lanes, Executions executions, Committer committer)
{
    /// <summary>How many jobs may be claimed, whatever lanes they turn out to be for.</summary>
    public int Room => lanes.All.Min(lane => lane.Room);

    public void Dispatch(ClaimedJob job)
    {
        var (method, error) = Load(job);
        var execution = new Execution(job) { Method = method };
        executions.Add(execution);
        if (method is null)
            _ = committer.EndAsync(execution, new Outcome.Failed(EndReason.Exception, error!)).AsTask();
        else
            lanes.Of(router.LaneOf(method, job.Queue)).Add(execution);
    }

    (JobMethod? Method, ExceptionInfo? Error) Load(ClaimedJob job)
    {
        try
        {
            return job.Invocation is null
                ? throw new JobLoadException(job.LoadError ?? "The stored call cannot be read.")
                : (methods.Find(job.Invocation), null);
        }
        catch (Exception e)
        {
            // Not only JobLoadException: a type's static constructor or a missing dependency may throw anything.
            return (null, ExceptionInfo.From(e));
        }
    }
}
