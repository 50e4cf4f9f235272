using JobRunner.Storage;

namespace JobRunner;

/// <summary>
/// Enqueues jobs and asks after them. Thread-safe; one for the whole application. Expression forms such as
/// <c>client.EnqueueAsync&lt;Mailer&gt;(x =&gt; x.Send(42))</c> are in <see cref="JobClientExtensions"/>.
/// </summary>
/// <remarks>A call is done when its task has ended, and takes no part in a <c>TransactionScope</c> that is around it: what it did
/// stays when the scope is rolled back, and workers see it before the scope ends.</remarks>
public interface IJobClient
{
    /// <summary>Adds a job that runs as soon as a worker is free. Concurrent calls share round trips and transactions.</summary>
    /// <returns>Its id.</returns>
    /// <exception cref="ArgumentException">An argument cannot be stored; the message names it. Nothing was added.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled before its turn came. Nothing was added.</exception>
    Task<long> EnqueueAsync(JobCall call, CancellationToken cancellationToken = default);

    /// <summary>Adds jobs that run as soon as a worker is free; all or none.</summary>
    /// <param name="calls">What to run. Calls are read once, and when they are many or long a part of them at a time, inside a
    /// transaction: calls that are made as they are read (by LINQ, an iterator) need memory for a part only.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Their ids, in the given order.</returns>
    /// <exception cref="ArgumentException">An argument cannot be stored; the message names it. Nothing was added.</exception>
    Task<IReadOnlyList<long>> EnqueueManyAsync(IEnumerable<JobCall> calls, CancellationToken cancellationToken = default);

    /// <summary>Adds a job that runs at the given instant, or as soon after as a worker is free.</summary>
    /// <returns>Its id.</returns>
    /// <exception cref="ArgumentException">An argument cannot be stored; the message names it. Nothing was added.</exception>
    Task<long> ScheduleAsync(JobCall call, DateTimeOffset enqueueAt, CancellationToken cancellationToken = default);

    /// <summary>Adds a job that runs when another one has ended. If that one has ended already, it runs at once, or is deleted
    /// at once when <paramref name="options"/> ask for another end. A failed job has not ended: it can still be requeued.
    /// Concurrent calls for one parent share round trips and transactions.</summary>
    /// <param name="parentId">The other job.</param>
    /// <param name="call">What to run.</param>
    /// <param name="options">Which end to wait for.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Its id.</returns>
    /// <exception cref="KeyNotFoundException">There is no such other job. Nothing was added.</exception>
    /// <exception cref="ArgumentException">An argument cannot be stored; the message names it. Nothing was added.</exception>
    Task<long> ContinueWithAsync(
        long parentId, JobCall call, ContinuationOptions options = ContinuationOptions.OnlyOnSucceededState,
        CancellationToken cancellationToken = default);

    /// <summary>Adds jobs that run when another one has ended, all or none. Each addition rewrites the list of all that wait for that job, so
    /// many are added much faster together than one after the other.</summary>
    /// <param name="parentId">The other job.</param>
    /// <param name="calls">What to run.</param>
    /// <param name="options">Which end to wait for.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Their ids, in the given order.</returns>
    /// <inheritdoc cref="ContinueWithAsync" path="/exception"/>
    Task<IReadOnlyList<long>> ContinueWithManyAsync(
        long parentId, IEnumerable<JobCall> calls, ContinuationOptions options = ContinuationOptions.OnlyOnSucceededState,
        CancellationToken cancellationToken = default);

    /// <summary>Puts a job back into its queue, whatever state it is in; one that runs is cancelled there first.</summary>
    /// <returns>False when there is no such job.</returns>
    Task<bool> RequeueAsync(long jobId, CancellationToken cancellationToken = default);

    /// <summary>Deletes a job, whatever state it is in. One that runs is cancelled.</summary>
    /// <returns>False when there is no such job, or it was deleted before.</returns>
    Task<bool> DeleteAsync(long jobId, CancellationToken cancellationToken = default);

    /// <summary>All that is known of a job, or null when there is none (it may have expired).</summary>
    Task<JobDetails?> GetAsync(long jobId, CancellationToken cancellationToken = default);

    /// <summary>Waits until a job has ended: Succeeded, Failed for good, or Deleted.</summary>
    /// <param name="jobId">The job.</param>
    /// <param name="timeout">How long to wait; null waits for ever.</param>
    /// <param name="cancellationToken">Stops waiting; the job goes on.</param>
    /// <returns>Its result as JSON, or null when it has none. <see cref="JobClientExtensions.WaitAsync{T}"/> reads it.</returns>
    /// <exception cref="JobFailedException">It failed for good, or was deleted.</exception>
    /// <exception cref="TimeoutException">It has not ended in time.</exception>
    /// <exception cref="KeyNotFoundException">There is no such job.</exception>
    Task<string?> WaitAsync(long jobId, TimeSpan? timeout = null, CancellationToken cancellationToken = default);
}
