namespace JobRunner.Storage;

/// <summary>What is known of jobs. Changes nothing.</summary>
public interface IJobReader
{
    /// <summary>All that is known of a job, or null when there is none.</summary>
    Task<JobDetails?> GetAsync(long jobId, CancellationToken cancellationToken);

    /// <summary>Jobs in a state, newest first: those with the highest ids.</summary>
    Task<JobListing> ListAsync(string state, int offset, int count, CancellationToken cancellationToken);

    /// <summary>How many jobs are in each state, and what stands around them. What is many need not be counted one by one; the answer says where it was not.</summary>
    Task<StoreCounts> CountAsync(CancellationToken cancellationToken);

    /// <summary>Lines of a job's log with an id above <paramref name="afterId"/>, oldest first.</summary>
    Task<IReadOnlyList<JobLogLine>> ReadLogAsync(long jobId, long afterId, int count, CancellationToken cancellationToken);
}
