using JobRunner.Storage;
using Microsoft.Extensions.Logging;

namespace JobRunner.Worker;

/// <summary>
/// Collects what running jobs say (log lines, progress) and writes it to the store in batches. A job that talks too much
/// loses lines, never the worker: the buffer is bounded, and the log says where lines are missing. What could not be written is
/// kept for the next time.
/// </summary>
sealed class JobNotes(INotesStore store, TimeProvider time, ILogger<JobNotes> logger)
{
    const int MaxWaiting = 20_000;
    const int MaxLine = 8 * 1024;

    // In characters, of all lines that wait.
    const long MaxText = 8 * 1024 * 1024;

    readonly Lock _lock = new();
    List<JobLogLine> _lines = [];
    Dictionary<long, JobProgress> _progress = [];
    long _text;
    long _lost;

    public void Append(long jobId, LogLevel level, string message)
    {
        var line = new JobLogLine(0, jobId, time.GetUtcNow(), (int)level, Cut(message));
        lock (_lock)
            Add(line);
    }

    public void SetProgress(long jobId, double fraction, string? message)
    {
        var progress = new JobProgress(jobId, double.IsNaN(fraction) ? 0 : Math.Clamp(fraction, 0, 1), message is null ? null : Cut(message), time.GetUtcNow());
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
            (_text, _lost) = (0, 0);
        }

        var unwritten = new Stack<(JobLogLine[] Lines, JobProgress[] Progress)>([([.. lines], [.. progress.Values])]);
        try
        {
            while (unwritten.TryPeek(out var part))
            {
                var halves = await TryWriteAsync(part.Lines, part.Progress, cancellationToken);
                unwritten.Pop();
                foreach (var half in halves)
                    unwritten.Push(half);
            }
        }
        finally
        {
            Keep(unwritten);
        }
    }

    /// <returns>Two halves to write instead, the first one last, when the store refuses what is in it; nothing when it is written, or is the
    /// one note that was refused.</returns>
    async Task<(JobLogLine[], JobProgress[])[]> TryWriteAsync(JobLogLine[] lines, JobProgress[] progress, CancellationToken cancellationToken)
    {
        try
        {
            await store.WriteAsync(lines, progress, cancellationToken);
            return [];
        }
        catch (Exception e) when (StoreFailures.KindOf(e) is StoreFailure.Refusal or StoreFailure.Objection)
        {
            var (line, state) = (lines.Length / 2, (progress.Length + 1) / 2);
            if (lines.Length + progress.Length > 1)
                return [(lines[line..], progress[state..]), (lines[..line], progress[..state])];
            logger.NoteRefused(e, lines.Length > 0 ? lines[0].JobId : progress[0].JobId);
            return [];
        }
    }

    // Before what came meanwhile; of a job's progress the newest counts.
    void Keep(Stack<(JobLogLine[] Lines, JobProgress[] Progress)> unwritten)
    {
        if (unwritten.Count == 0)
            return;
        lock (_lock)
        {
            var newer = _lines;
            _lines = [.. unwritten.SelectMany(part => part.Lines)];
            _text = _lines.Sum(line => (long)line.Message.Length);
            newer.ForEach(Add);
            foreach (var progress in unwritten.SelectMany(part => part.Progress))
                _progress.TryAdd(progress.JobId, progress);
        }
    }

    void Add(JobLogLine line)
    {
        if (_lines.Count < MaxWaiting && _text < MaxText)
        {
            _lines.Add(line);
            _text += line.Message.Length;
        }
        else if (_lost++ == 0)
        {
            _lines.Add(line with { Level = (int)LogLevel.Warning, Message = "Jobs write faster than their logs can be stored: lines are missing here." });
        }
    }

    static string Cut(string message) => message.Length > MaxLine ? message[..MaxLine] + "…" : message;
}
