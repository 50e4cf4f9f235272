namespace JobRunner.Storage;

/// <summary>What is known of jobs. Changes nothing.</summary>
public interface IJobReader
{
    /// <summary>In lists, texts of a job's state are cut behind so many characters.</summary>
    public const int ListedText = 1000;

    /// <summary>In lists, the arguments of a call that has more bytes of them are not read: one text says how many there are.</summary>
    public const int ListedArguments = 32 * 1024;

    /// <summary>Of states that a job has left, texts are cut behind so many characters when any are.</summary>
    public const int FormerText = 20_000;

    /// <summary>All that is known of a job, or null when there is none.</summary>
    /// <param name="jobId">The job.</param>
    /// <param name="longest">Arguments, parameters and values of states that have more characters are cut there (<see cref="CutText"/>); those of states
    /// that it has left, earlier. Null for no bound: results and arguments may have many megabytes each.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<JobDetails?> GetAsync(long jobId, int? longest, CancellationToken cancellationToken);

    /// <summary>All that is known of a job, however long, or null when there is none.</summary>
    Task<JobDetails?> GetAsync(long jobId, CancellationToken cancellationToken) => GetAsync(jobId, null, cancellationToken);

    /// <summary>Where a job is, and no more; null when there is none. For who looks often.</summary>
    Task<JobGlance?> GlanceAsync(long jobId, CancellationToken cancellationToken);

    /// <summary>In which states jobs are, and how those have ended that have. Jobs that are gone are left out.</summary>
    /// <remarks>Ends may be long. So a store may leave some of them for another call (<see cref="CurrentState.IsLeft"/>), but not all.</remarks>
    Task<IReadOnlyList<CurrentState>> GetStatesAsync(IReadOnlyCollection<long> jobIds, CancellationToken cancellationToken);

    /// <summary>Jobs in a state, newest first: those with the highest ids. What is long is cut: <see cref="ListedText"/> and <see cref="ListedArguments"/>.</summary>
    Task<JobListing> ListAsync(string state, int offset, int count, CancellationToken cancellationToken);

    /// <summary>How many jobs are in each state, and what stands around them. What is many need not be counted one by one; the answer says where it was not.</summary>
    Task<StoreCounts> CountAsync(CancellationToken cancellationToken);

    /// <summary>Lines of a job's log with an id above <paramref name="afterId"/>, oldest first.</summary>
    Task<IReadOnlyList<JobLogLine>> ReadLogAsync(long jobId, long afterId, int count, CancellationToken cancellationToken);
}
