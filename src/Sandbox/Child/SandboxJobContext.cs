using Microsoft.Extensions.Logging;

namespace JobRunner.Sandbox;

/// <summary>What a job in a sandbox knows of itself.</summary>
sealed class SandboxJobContext(RunParams job, ILogger logger, ProgressSender progress, CancellationToken cancellationToken) : IJobContext
{
    public long JobId => job.JobId;

    public int Attempt => job.Attempt;

    public string Queue => job.Queue;

    public CancellationToken CancellationToken => cancellationToken;

    public ILogger Logger => logger;

    public void ReportProgress(double fraction, string? message = null) =>
        progress.Report(new ProgressValue(double.IsNaN(fraction) ? 0 : Math.Clamp(fraction, 0, 1), message));
}
