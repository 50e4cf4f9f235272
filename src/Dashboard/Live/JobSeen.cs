using System.Globalization;
using JobRunner.Storage;

namespace JobRunner.Dashboard.Live;

/// <summary>What one open page knows of its job.</summary>
/// <param name="key">The state that it shows.</param>
/// <param name="logId">The last line of the log that it shows.</param>
sealed class JobSeen(string key, long logId)
{
    public string Key { get; set; } = key;

    public long LogId { get; set; } = logId;

    public JobProgress? Progress { get; set; }

    /// <summary>Changes whenever the job enters a state; empty when the job is gone.</summary>
    public static string KeyOf(JobDetails? job) => job is null
        ? ""
        : string.Create(CultureInfo.InvariantCulture, $"{job.History.Count}.{job.State?.CreatedAt.UtcTicks ?? 0}");
}
