using JobRunner.Storage;

namespace JobRunner.Worker;

/// <summary>
/// One run of a claimed job. The lane starts it, the committer ends it; in between its state row is what fences it: a
/// write that names another one changes nothing.
/// </summary>
sealed class Execution(ClaimedJob job, long claimedAt) : IDisposable
{
    readonly CancellationTokenSource _cancellation = new();
    TaskCompletionSource? _marked;
    int _stopReason;
    int _ended;
    int _uncounted;

    public ClaimedJob Job => job;

    /// <summary>When the claim was had, as a timestamp of the clock.</summary>
    public long ClaimedAt => claimedAt;

    /// <summary>The method to call; null when the call could not be loaded.</summary>
    public JobMethod? Method { get; init; }

    /// <summary>Shown by dashboards as the worker; a fresh one for each run, because Hangfire tells runs apart by it.</summary>
    public Guid WorkerId { get; } = NewWorkerId();

    /// <summary>About how many bytes its arguments have as they are stored.</summary>
    public long PayloadBytes { get; } = job.Invocation?.PayloadLength ?? 0;

    /// <summary>Which run this is, from 1.</summary>
    public int Attempt => Retries + 1;

    /// <summary>How many retries there have been.</summary>
    public int Retries { get; } = CountOf(job, "RetryCount");

    /// <summary>How often it has crashed its sandbox before.</summary>
    public int Crashes => CountOf(job, "CrashCount");

    /// <summary>How many workers have died under the job before.</summary>
    public int Deaths { get; } = WorkerDeaths.Count(job.Parameters);

    /// <summary>True when the row that says Processing has to be there before the job begins: so that it can be told, should this
    /// worker die, whether it had begun.</summary>
    public bool IsMarkedFirst => Deaths > 0 || Method?.Policy.AtMostOnce == true;

    /// <summary>When its lane started it; null while it waits for a slot. Set once by the lane.</summary>
    public DateTimeOffset? StartedAt { get; set; }

    /// <summary>Since when its job has the thread that began it, as a timestamp of the clock; null once it has given it back. Set by
    /// its lane.</summary>
    public long? OnThreadSince { get; set; }

    /// <summary>The job's current state row as this execution last saw or wrote it. Set by the committer alone.</summary>
    public long StateId { get; set; } = job.StateId;

    /// <summary>The name of that state. Set by the committer alone.</summary>
    public string StateName { get; set; } = job.StateName;

    /// <summary>True when the row that says Processing is this execution's own. Set by the committer alone.</summary>
    public bool IsMarked { get; set; }

    /// <summary>True while a write for it is under way: until its answer is there, nobody knows the job's state. Set by the committer
    /// alone.</summary>
    public bool IsBeingWritten { get; set; }

    /// <summary>How often the store has refused its outcome. Set by the committer alone.</summary>
    public int Refusals { get; set; }

    /// <summary>True when the last renewal said that the job is not ours any more. Set by the lease poller alone.</summary>
    public bool LostOnce { get; set; }

    /// <summary>Called when its end is committed. Set before it is started.</summary>
    public Action? Ended { get; set; }

    /// <summary>Since when its outcome waits for somebody else's lock of the job, or null. Set by the committer alone.</summary>
    public long? LockedSince { get; set; }

    /// <summary>True when that has been logged. Set by the committer alone.</summary>
    public bool ToldLocked { get; set; }

    public CancellationToken CancellationToken => _cancellation.Token;

    /// <summary>Why it was told to stop, or null.</summary>
    public EndReason? StopReason => _stopReason == 0 ? null : (EndReason)(_stopReason - 1);

    public Lease Lease => new(job.JobId, job.Claim, StateId);

    /// <summary>True when it has ended, written or not.</summary>
    public bool HasEnded => Volatile.Read(ref _ended) != 0;

    /// <summary>Ends it, once: what comes second has come too late.</summary>
    public bool TryEnd() => Interlocked.Exchange(ref _ended, 1) == 0;

    /// <summary>Takes <see cref="PayloadBytes"/> out of the worker's sum, once.</summary>
    /// <returns>How many there were to take out.</returns>
    public long Uncount() => Interlocked.Exchange(ref _uncounted, 1) == 0 ? PayloadBytes : 0;

    /// <summary>Tells it to stop. The first reason stays. Returns at once: what the job registered on its token may block, and runs
    /// elsewhere.</summary>
    public void Stop(EndReason reason)
    {
        if (Interlocked.CompareExchange(ref _stopReason, (int)reason + 1, 0) == 0)
            _ = CancelAsync();
    }

    /// <summary>Waits until the row that says Processing has been written, or it is told to stop. For its lane.</summary>
    /// <exception cref="JobNotMarkedException">The store refuses that row.</exception>
    public async Task WaitUntilMarkedAsync(Action<Execution> mark)
    {
        _marked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        mark(this);
        try
        {
            await _marked.Task.WaitAsync(CancellationToken);
        }
        catch (OperationCanceledException)
        {
            // It is told to stop: the lane looks at that in any case.
        }
    }

    /// <summary>Tells its lane that the row is there.</summary>
    public void Marked() => _marked?.TrySetResult();

    /// <summary>Tells its lane that the store refuses the row.</summary>
    public void MarkRefused(Exception exception) => _marked?.TrySetException(new JobNotMarkedException(exception));

    // Different from others is enough: nobody has to be kept from guessing it, as a GUID of the runtime's is, with a call of the kernel for each.
    static Guid NewWorkerId()
    {
        Span<byte> bytes = stackalloc byte[16];
        Random.Shared.NextBytes(bytes);
        return new(bytes);
    }

    async Task CancelAsync()
    {
        try
        {
            await _cancellation.CancelAsync();
        }
        catch (ObjectDisposedException)
        {
            // It ended at this very moment.
        }
        catch (AggregateException)
        {
            // A callback that the job registered on its token threw; the job is being stopped all the same.
        }
    }

    public void Dispose() => _cancellation.Dispose();

    // Always less than the largest integer: who counts on does not come out below zero.
    static int CountOf(ClaimedJob job, string parameter) =>
        int.TryParse(job.Parameters.GetValueOrDefault(parameter), out var count) ? Math.Clamp(count, 0, int.MaxValue - 1) : 0;
}

/// <summary>A job that must not begin before its row Processing is written was not begun.</summary>
sealed class JobNotMarkedException(Exception cause)
    : Exception($"The job was not begun, because the store refuses the row that says so: {cause.Message}", cause);
