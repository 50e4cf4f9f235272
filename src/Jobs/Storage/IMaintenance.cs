namespace JobRunner.Storage;

/// <summary>What any worker does for all: it moves on the jobs that nobody has in hand. Any number of workers may do so at once.</summary>
public interface IMaintenance
{
    /// <summary>Takes back the jobs of workers that died: those whose lease was not renewed and whose server has not been heard of for
    /// <paramref name="silence"/>. Each of them notes the state row under which its worker died (job parameter
    /// <see cref="WorkerDeaths.Parameter"/>), once. Also forgets servers that have been silent for 5 minutes, as Hangfire's do.</summary>
    /// <param name="silence">How long.</param>
    /// <param name="rescuer">Who asks; null for somebody who is no worker, and knows what he does.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>How many jobs wait again.</returns>
    Task<int> RescueAsync(TimeSpan silence, Rescuer? rescuer, CancellationToken cancellationToken);

    /// <summary>Puts jobs into their queues again that are Processing in nobody's hands: no queue row stands for them, and the
    /// server that they name has not been heard of for <paramref name="silence"/> (a Hangfire server: for the invisibility
    /// timeout). There should be none; a row that somebody deleted by hand leaves one.</summary>
    /// <inheritdoc cref="RescueAsync" path="/param"/>
    /// <returns>How many jobs wait again.</returns>
    Task<int> RescueOrphansAsync(TimeSpan silence, Rescuer? rescuer, CancellationToken cancellationToken);

    /// <summary>Enqueues scheduled jobs whose instant has come by the store's clock, at most <paramref name="count"/>.</summary>
    /// <returns>How many were due: fewer than <paramref name="count"/> means that none is left.</returns>
    Task<int> EnqueueDueAsync(int count, CancellationToken cancellationToken);

    /// <summary>Releases jobs that still wait although their parent has ended, or is gone: whoever ended it may have died before
    /// it could release them. Looks at <paramref name="count"/> waiting jobs, and at others in the next call.</summary>
    /// <returns>How many it released, or wants to look at again soon; 0 when there is nothing to do for now.</returns>
    Task<int> ReleaseAwaitingAsync(int count, CancellationToken cancellationToken);

    /// <summary>Removes jobs and counters whose time has passed, at most <paramref name="count"/> jobs. Two workers share this; a third has nothing to do.</summary>
    /// <returns>How many jobs went: fewer than <paramref name="count"/> means that none is left, or that others are at it.</returns>
    Task<int> ExpireAsync(int count, CancellationToken cancellationToken);

    /// <summary>Sums up counters: each commit adds rows, and they are read as their sum. Nothing to do where a Hangfire server does it.</summary>
    /// <param name="count">How many rows at most.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>How many rows went.</returns>
    Task<int> SumUpAsync(int count, CancellationToken cancellationToken);

    /// <summary>Makes room for the history of executions of the days to come, and removes what is older than it is to be kept.</summary>
    /// <returns>False when something is left to do in a while.</returns>
    Task<bool> KeepHistoryAsync(CancellationToken cancellationToken);
}
