namespace JobRunner.Storage;

/// <summary>What running jobs say.</summary>
public interface INotesStore
{
    /// <summary>Appends lines to jobs' logs and stores their newest progress. Jobs that are gone are passed over.</summary>
    Task WriteAsync(IReadOnlyList<JobLogLine> lines, IReadOnlyList<JobProgress> progress, CancellationToken cancellationToken);
}
