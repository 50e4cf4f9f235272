using JobRunner.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace JobRunner.Worker;

/// <summary>Jobs of types that this worker does not know, in queues that it shares with workers and Hangfire servers which do. The first one of a
/// method is given back, and from then on claims leave that method's jobs where they are.</summary>
sealed class ForeignJobs(JobMethods methods, IOptions<WorkerOptions> options, ILogger<ForeignJobs> logger)
{
    // Whoever can write to the store could think up ever more of them.
    const int MostRemembered = 1000;

    readonly HashSet<string> _told = new(StringComparer.Ordinal);

    /// <summary>True for a job that is to be given back. Called by the claimer alone.</summary>
    public bool Leaves(ClaimedJob job)
    {
        if (options.Value.UnknownJobs != UnknownJobs.Leave || job.Invocation is not { } call || methods.Types.Knows(call.Type))
            return false;
        if (_told.Count >= MostRemembered)
            _told.Clear();
        if (_told.Add(call.Type))
            logger.LeftToOthers(call.Type);
        return true;
    }
}

/// <summary>What a worker does with jobs of types that it does not know.</summary>
public enum UnknownJobs
{
    /// <summary>It leaves them in their queue, for workers and Hangfire servers that know them.</summary>
    Leave,

    /// <summary>It lets them fail, and be retried.</summary>
    Fail,
}
