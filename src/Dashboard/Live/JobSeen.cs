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
    public static string KeyOf(JobGlance? job) => job is null ? "" : KeyOf(job.States, job.Since);

    /// <inheritdoc cref="KeyOf(JobGlance)"/>
    public static string KeyOf(JobDetails job) => KeyOf(job.History.Count, job.State?.CreatedAt);

    static string KeyOf(int states, DateTimeOffset? since) => string.Create(CultureInfo.InvariantCulture, $"{states}.{since?.UtcTicks ?? 0}");
}
