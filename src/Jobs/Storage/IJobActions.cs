namespace JobRunner.Storage;

/// <summary>What clients and operators do: they add jobs, and change their states from outside, whoever runs them.</summary>
public interface IJobActions
{
    /// <summary>Adds jobs in their first state, all or none.</summary>
    /// <param name="jobs">The jobs. They are read once, a part of them at a time if they are many or long: whoever makes them as they are
    /// asked for has to keep no more than that.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Their ids, in the given order.</returns>
    Task<IReadOnlyList<long>> AddAsync(IEnumerable<NewJob> jobs, CancellationToken cancellationToken);

    /// <summary>Adds jobs that wait for the end of another one, all or none. If it has ended already they enter at once the
    /// state that they would enter then.</summary>
    /// <param name="parentId">The other job.</param>
    /// <param name="jobs">The jobs, in state Awaiting.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Their ids, in the given order.</returns>
    /// <exception cref="KeyNotFoundException">There is no such other job. Nothing was added.</exception>
    /// <exception cref="TimeoutException">Somebody else keeps the other job locked. Nothing was added.</exception>
    Task<IReadOnlyList<long>> AddContinuationsAsync(long parentId, IReadOnlyList<NewJob> jobs, CancellationToken cancellationToken);

    /// <summary>Puts finished, failed, scheduled or running jobs back into their queues, whatever state they are in.</summary>
    /// <returns>How many were: jobs that are gone are not counted.</returns>
    /// <exception cref="TimeoutException">Somebody else keeps some of them locked. All others were.</exception>
    Task<int> RequeueAsync(IReadOnlyList<long> jobIds, string? reason, CancellationToken cancellationToken);

    /// <summary>Deletes jobs, whatever state they are in. One that is running is cancelled by its worker.</summary>
    /// <returns>How many were: jobs that are gone, or deleted before, are not counted.</returns>
    /// <exception cref="TimeoutException">Somebody else keeps some of them locked. All others were.</exception>
    Task<int> DeleteAsync(IReadOnlyList<long> jobIds, string? reason, CancellationToken cancellationToken);
}
