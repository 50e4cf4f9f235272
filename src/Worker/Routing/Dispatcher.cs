using JobRunner.Storage;

namespace JobRunner.Worker;

/// <summary>Hands claimed jobs to their lanes. What cannot be loaded fails here, with the reason.</summary>
sealed class Dispatcher(
    JobMethods methods, ArgumentSerializer arguments, Router router, WorkerLanes lanes, Exclusions exclusions, Suspects suspects,
    Executions executions, Committer committer, TimeProvider time)
{
    /// <summary>Where jobs can go.</summary>
    public IReadOnlyList<IPlace> Places { get; } = [.. lanes.All, exclusions];

    /// <summary>Finds out where a job goes.</summary>
    public Routed Route(ClaimedJob job)
    {
        try
        {
            var method = Load(job);
            var resource = method.Policy.Exclusion?.ResourceOf(method, () => arguments.ReadAll(method, job.Invocation!));
            return new(job, method, resource, resource is null ? LaneOf(method, job) : exclusions, null);
        }
        catch (Exception e)
        {
            // Not only JobLoadException: a type's static constructor or a missing dependency may throw anything.
            return new(job, null, null, null, ExceptionInfo.From(e));
        }
    }

    /// <summary>False when it is to stay in its queue, because as many jobs as may do so wait for its resource already.</summary>
    public bool Takes(Routed routed) => routed.Resource is null || exclusions.Takes(routed.Resource);

    /// <summary>True while jobs of a resource are to stay in their queues.</summary>
    public bool Refuses(string? resource) => resource is not null && exclusions.IsFull(resource);

    /// <summary>Sends it there.</summary>
    public void Start(Routed routed)
    {
        var execution = new Execution(routed.Job, time.GetTimestamp()) { Method = routed.Method };
        executions.Add(execution);
        if (routed.Error is not null)
            _ = committer.EndAsync(execution, new Outcome.Failed(EndReason.Exception, routed.Error)).AsTask();
        else if (WhyNotAgain(execution) is { } verdict)
            _ = committer.EndAsync(execution, new Outcome.Failed(EndReason.WorkerDied, verdict)).AsTask();
        else if (routed.Resource is null)
            StartOn((Lane)routed.Place!, execution);
        else
            exclusions.Add(execution, routed.Resource, routed.Method!.Policy.Exclusion!.Timeout,
                () => StartOn(LaneOf(routed.Method, routed.Job), execution));
    }

    void StartOn(Lane lane, Execution execution)
    {
        if (Suspects.IsSuspect(execution))
            suspects.Add(lane, execution);
        else
            lane.Add(execution);
    }

    static ExceptionInfo? WhyNotAgain(Execution execution)
    {
        if (execution.Deaths >= Suspects.MostDeaths)
            return WorkerDied(
                $"{execution.Deaths} workers died while they ran this job, at last with nothing beside it. It is not run again. A stack overflow, " +
                "a lack of memory, Environment.FailFast or a fault in native code takes a worker down; in a sandbox ([Sandboxed]) it costs the job alone.");
        return execution is { Method.Policy.AtMostOnce: true, Job.StateName: JobStates.Processing }
            ? WorkerDied("Its worker died, or was cut off, while it ran this job. It is not run again, because it is marked [AtMostOnce].")
            : null;
    }

    static ExceptionInfo WorkerDied(string message) => new("JobRunner.WorkerDiedException", message, message);

    /// <summary>Gives a job back that is not for this worker.</summary>
    public Execution GiveBack(ClaimedJob job)
    {
        var execution = new Execution(job, time.GetTimestamp());
        executions.Add(execution);
        GiveBack(execution);
        return execution;
    }

    /// <summary>Gives a job back that never began.</summary>
    public void GiveBack(Execution execution) => _ = committer.EndAsync(execution, new Outcome.Interrupted()).AsTask();

    Lane LaneOf(JobMethod method, ClaimedJob job) => lanes.Of(router.LaneOf(method, job.Queue));

    JobMethod Load(ClaimedJob job)
    {
        var method = methods.Find(job.Invocation ?? throw new JobLoadException(job.LoadError ?? "The stored call cannot be read."));
        _ = method.Policy; // now, where it may throw: the committer asks for it too
        return method;
    }
}

/// <summary>A claimed job and where it goes.</summary>
/// <param name="Job">The job.</param>
/// <param name="Method">Its method, or null when it cannot be loaded.</param>
/// <param name="Resource">What it has to have to itself, or null.</param>
/// <param name="Place">Where it goes first; null when it cannot run.</param>
/// <param name="Error">Why it cannot run, or null.</param>
readonly record struct Routed(ClaimedJob Job, JobMethod? Method, string? Resource, IPlace? Place, ExceptionInfo? Error)
{
    /// <summary>The resource, when it is that of all jobs of the method.</summary>
    public string? ResourceOfMethod => Method?.Policy.Exclusion is { DependsOnArguments: false } ? Resource : null;
}
