using System.Collections.ObjectModel;

namespace JobRunner.Storage;

/// <summary>A page of a list of jobs, newest first.</summary>
public sealed class JobListing(IList<JobSummary> jobs) : ReadOnlyCollection<JobSummary>(jobs)
{
    /// <summary>True when newer jobs of the state may be missing: it has many, hidden behind many newer jobs of other states, and these are
    /// only those that a store could find without going through all of them.</summary>
    public bool MayMissNewer { get; init; }
}
