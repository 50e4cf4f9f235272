using System.Diagnostics.CodeAnalysis;

namespace JobRunner.Worker;

/// <summary>Lets one waiter go on, as <see cref="AutoResetEvent"/> does, without a thread: any number of signals before a wait count as one, and none is lost.</summary>
[SuppressMessage("Design", "CA1001", Justification = "The semaphore has no wait handle to dispose, and late signals must not throw.")]
sealed class AsyncAutoResetEvent
{
    static readonly TimeSpan _longest = TimeSpan.FromMilliseconds(int.MaxValue);

    readonly SemaphoreSlim _signal = new(0, 1);

    /// <summary>One that is signalled already.</summary>
    public static AsyncAutoResetEvent Signalled()
    {
        var signal = new AsyncAutoResetEvent();
        signal.Set();
        return signal;
    }

    public void Set()
    {
        try
        {
            if (_signal.CurrentCount == 0)
                _signal.Release();
        }
        catch (SemaphoreFullException)
        {
            // Somebody else signalled at the same moment: one is enough.
        }
    }

    /// <summary>Waits for a signal, at most for the given time, which is 24 days at most; a time that is over already is none, and
    /// <see cref="Timeout.InfiniteTimeSpan"/> waits for ever.</summary>
    /// <returns>True when it came.</returns>
    public Task<bool> WaitAsync(TimeSpan limit, CancellationToken cancellationToken) => _signal.WaitAsync(Bounded(limit), cancellationToken);

    /// <summary>Waits for a signal, at most for the given time; a cancellation ends the wait like a signal.</summary>
    public Task PauseAsync(TimeSpan limit, CancellationToken stopping) =>
        WaitAsync(limit, stopping).ContinueWith(static _ => { }, TaskScheduler.Default);

    // The semaphore throws at a negative time, and takes one of some microseconds below -1 ms for no limit. Whoever computes a rest from
    // a clock that goes on meets both.
    static TimeSpan Bounded(TimeSpan limit) =>
        limit == Timeout.InfiniteTimeSpan ? limit : limit < TimeSpan.Zero ? TimeSpan.Zero : limit > _longest ? _longest : limit;
}
