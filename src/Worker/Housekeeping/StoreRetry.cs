using Microsoft.Extensions.Logging;

namespace JobRunner.Worker;

/// <summary>
/// Retries for what asks the store, which may not be reached for a while: one log line when that begins and one when it is over, and between attempts a pause
/// that grows to three seconds, with jitter so that workers do not come back in step. Thread-safe.
/// </summary>
sealed class StoreRetry(ILogger logger, string what, TimeProvider time)
{
    static readonly TimeSpan _longest = TimeSpan.FromSeconds(3);

    readonly Lock _lock = new();
    TimeSpan _pause;
    long _began;

    /// <summary>Tries once; on failure notes it, pauses and returns false.</summary>
    public async Task<bool> TryAsync(Func<Task> action, CancellationToken cancellationToken)
    {
        try
        {
            await action();
            Over();
            return true;
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            await PauseAsync(e, cancellationToken);
            return false;
        }
    }

    /// <summary>Notes a failure, and pauses.</summary>
    public Task PauseAsync(Exception failure, CancellationToken cancellationToken) =>
        Task.Delay(Failed(failure), time, cancellationToken).ContinueWith(static _ => { }, TaskScheduler.Default);

    /// <summary>Notes a failure.</summary>
    /// <returns>The pause until the next try.</returns>
    public TimeSpan Failed(Exception failure) => Begun(failure) * (0.5 + Random.Shared.NextDouble());

    /// <summary>Tries until it works or the token gives up.</summary>
    public async Task RetryAsync(Func<Task> action, CancellationToken giveUp)
    {
        while (!await TryAsync(action, giveUp))
            giveUp.ThrowIfCancellationRequested();
    }

    TimeSpan Begun(Exception e)
    {
        lock (_lock)
        {
            if (_pause > TimeSpan.Zero)
                return _pause = _pause * 2 < _longest ? _pause * 2 : _longest;
            _began = time.GetTimestamp();
            _pause = TimeSpan.FromMilliseconds(100);
        }

        logger.OutageBegan(e, what);
        return TimeSpan.FromMilliseconds(100);
    }

    /// <summary>Notes that it works.</summary>
    public void Over()
    {
        lock (_lock)
        {
            if (_pause == TimeSpan.Zero)
                return;
            _pause = TimeSpan.Zero;
        }

        logger.OutageOver(what, time.GetElapsedTime(_began).TotalSeconds);
    }
}
