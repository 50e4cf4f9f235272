namespace JobRunner;

/// <summary>
/// Jobs that run again and again, by a cron expression. They are Hangfire's recurring jobs: its clients and pages know
/// them, and its servers run those that they can load. Thread-safe; one for the whole application.
/// </summary>
/// <remarks>Like those of <see cref="IJobClient"/>, calls take no part in a <c>TransactionScope</c> that is around them.</remarks>
public interface IRecurringJobs
{
    /// <summary>Adds a recurring job, or changes the one with that id. Its next run is worked out anew only when the cron
    /// expression or the time zone changed, or the last attempt to read it failed. One that is paused stays so.</summary>
    /// <param name="id">Its id, such as <c>nightly-report</c>.</param>
    /// <param name="call">What to run.</param>
    /// <param name="cron">When: see <see cref="CronExpression"/>.</param>
    /// <param name="options">Time zone, missed runs and queue.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ArgumentException">An argument makes no sense; its name says which. Nothing was written.</exception>
    Task AddOrUpdateAsync(
        string id, JobCall call, string cron, RecurringJobOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Removes a recurring job. Jobs that it has enqueued already run.</summary>
    /// <returns>False when there is none with that id.</returns>
    Task<bool> RemoveAsync(string id, CancellationToken cancellationToken = default);

    /// <summary>Runs a recurring job now, besides its schedule; also one that is paused.</summary>
    /// <returns>The id of the new job, or null when there is no recurring job with that id.</returns>
    /// <exception cref="FormatException">What is stored cannot be read; the message names the field.</exception>
    Task<long?> TriggerAsync(string id, CancellationToken cancellationToken = default);

    /// <summary>Keeps a recurring job from being due, here and on Hangfire's servers, until it is resumed. (A Hangfire client that
    /// changes its cron expression makes it due once more for Hangfire's servers, which know no pause.)</summary>
    /// <returns>False when there is none with that id.</returns>
    Task<bool> PauseAsync(string id, CancellationToken cancellationToken = default);

    /// <summary>Ends a pause. The job is due at the next occurrence from now; what the pause left out is not made up for.</summary>
    /// <returns>False when there is none with that id, or it is not paused.</returns>
    Task<bool> ResumeAsync(string id, CancellationToken cancellationToken = default);

    /// <summary>A recurring job, or null when there is none with that id.</summary>
    Task<RecurringJob?> GetAsync(string id, CancellationToken cancellationToken = default);

    /// <summary>Recurring jobs in the (ordinal) order of their ids. A call of more than 10,000 characters is left out, and
    /// <see cref="RecurringJob.LoadError"/> says so: <see cref="GetAsync"/> has it.</summary>
    Task<IReadOnlyList<RecurringJob>> ListAsync(int offset = 0, int count = 1000, CancellationToken cancellationToken = default);
}
