using JobRunner.Storage;
using Microsoft.Extensions.Logging;

namespace JobRunner.Worker;

/// <summary>
/// Collects what running jobs say (log lines, progress) and writes it to the store in batches. A job that talks too much
/// loses lines, never the worker: the buffer is bounded, and the log says where lines are missing.
/// </summary>
sealed class JobNotes(IJobStore store, TimeProvider time)
{
    const int MaxWaiting = 20_000;
    const int MaxLine = 8 * 1024;

    readonly Lock _lock = new();
    List<JobLogLine> _lines = [];
    Dictionary<long, JobProgress> _progress = [];
    long _lost;

    public void Append(long jobId, LogLevel level, string message)
    {
        var line = new JobLogLine(0, jobId, time.GetUtcNow(), (int)level, message.Length > MaxLine ? message[..MaxLine] + "…" : message);
        lock (_lock)
        {
            if (_lines.Count < MaxWaiting)
                _lines.Add(line);
            else if (_lost++ == 0)
                _lines.Add(line with { Level = (int)LogLevel.Warning, Message = "Jobs write faster than their logs can be stored: lines are missing here." });
        }
    }

    public void SetProgress(long jobId, double fraction, string? message)
    {
        var progress = new JobProgress(jobId, double.IsNaN(fraction) ? 0 : Math.Clamp(fraction, 0, 1), message, time.GetUtcNow());
        lock (_lock)
            _progress[jobId] = progress;
    }

    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        List<JobLogLine> lines;
        Dictionary<long, JobProgress> progress;
        lock (_lock)
        {
            if (_lines.Count == 0 && _progress.Count == 0)
                return;
            (lines, _lines) = (_lines, []);
            (progress, _progress) = (_progress, []);
            _lost = 0;
        }

        await store.WriteNotesAsync(lines, [.. progress.Values], cancellationToken);
    }
}
