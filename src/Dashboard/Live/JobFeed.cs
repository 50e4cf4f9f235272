using System.Globalization;
using System.Net.ServerSentEvents;
using System.Text.Json;
using JobRunner.Dashboard.Details;
using JobRunner.Storage;

namespace JobRunner.Dashboard.Live;

/// <summary>What happens to one job, told while somebody looks: its states, its progress, the new lines of its log.</summary>
sealed class JobFeed(IJobReader reader)
{
    const int LinesAtOnce = 500;

    static readonly TimeSpan _halfSecond = TimeSpan.FromMilliseconds(500);

    /// <summary>Looks once.</summary>
    /// <param name="jobId">The job.</param>
    /// <param name="seen">What the page knows; it is brought up to date.</param>
    /// <param name="news">Gets the events.</param>
    /// <param name="cancellationToken">Ends the looking.</param>
    /// <returns>How long to wait until the next look.</returns>
    public async Task<TimeSpan> LookAsync(long jobId, JobSeen seen, List<SseItem<string>> news, CancellationToken cancellationToken)
    {
        var job = await reader.GlanceAsync(jobId, cancellationToken);
        var lines = await reader.ReadLogAsync(jobId, seen.LogId, LinesAtOnce, cancellationToken);
        if (lines.Count > 0)
        {
            seen.LogId = lines[^1].Id;
            var shown = lines.Select(LogText.Line).ToArray();
            news.Add(new(JsonSerializer.Serialize(shown, LiveJson.Default.LiveLineArray), "log")
            {
                EventId = seen.LogId.ToString(CultureInfo.InvariantCulture),
            });
        }

        if (job?.Progress is { } progress && progress != seen.Progress)
        {
            seen.Progress = progress;
            news.Add(new(JsonSerializer.Serialize(ProgressText.Of(progress), LiveJson.Default.LiveProgress), "progress"));
        }

        if (JobSeen.KeyOf(job) is var key && key != seen.Key)
        {
            seen.Key = key;
            news.Add(new(key, "state"));
        }

        return lines.Count == LinesAtOnce ? TimeSpan.Zero : _halfSecond;
    }
}
