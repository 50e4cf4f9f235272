using Microsoft.Extensions.Logging;

namespace JobRunner;

/// <summary>
/// What a running job knows of itself. A job gets it as a parameter (pass <c>null!</c> when enqueuing: the value is
/// substituted) or from its constructor. It works alike in both lanes.
/// </summary>
public interface IJobContext
{
    /// <summary>The job's id.</summary>
    long JobId { get; }

    /// <summary>Which run of the job this is, from 1.</summary>
    int Attempt { get; }

    /// <summary>The queue that the job was taken from.</summary>
    string Queue { get; }

    /// <summary>Cancelled when the job is deleted or requeued, when its time is over, or when the worker stops.</summary>
    CancellationToken CancellationToken { get; }

    /// <summary>Writes to the job's own log, which its page shows.</summary>
    ILogger Logger { get; }

    /// <summary>Tells how far the job is. Cheap: only the newest value is stored, a few times a second.</summary>
    /// <param name="fraction">From 0 to 1; a value outside is cut to that range.</param>
    /// <param name="message">What the job is doing, or null.</param>
    void ReportProgress(double fraction, string? message = null);
}
