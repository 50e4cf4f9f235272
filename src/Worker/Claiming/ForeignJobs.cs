using JobRunner.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace JobRunner.Worker;

/// <summary>
/// Jobs of types that this worker does not know, in queues that it shares with workers and Hangfire servers which do. The
/// first one of a type is given back, and from then on claims leave that type out.
/// </summary>
sealed class ForeignJobs(JobMethods methods, IOptions<WorkerOptions> options, ILogger<ForeignJobs> logger)
{
    // Whoever can write to the store could think up ever more of them.
    const int MaxTypes = 1000;

    volatile HashSet<string> _types = [];

    /// <summary>The types to leave, as their names are stored. Never changed once it is handed out.</summary>
    public IReadOnlyCollection<string> Types => _types;

    /// <summary>True for a job that is to be given back. Called by the claimer alone.</summary>
    public bool Leaves(ClaimedJob job)
    {
        if (options.Value.UnknownJobs != UnknownJobs.Leave || job.Invocation is not { } call || methods.Types.Knows(call.Type))
            return false;
        if (!_types.Contains(call.Type))
        {
            logger.LeftToOthers(call.Type);
            _types = _types.Count < MaxTypes ? [.. _types, call.Type] : [call.Type];
        }

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
