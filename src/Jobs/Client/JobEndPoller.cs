using System.Diagnostics.CodeAnalysis;
using JobRunner.Storage;

namespace JobRunner;

/// <summary>
/// Looks for the ends of jobs for all who wait for one in this process, many jobs in one read. A job is looked at as soon as somebody
/// waits for it, and then after pauses that grow to half a second. Whoever is half through its pause is looked at along with the others, so that
/// thousands who began at different moments come into step.
/// </summary>
/// <remarks>One loop, which lives as long as somebody waits, on no caller's execution context. It rests after each look for as long as that took.</remarks>
[SuppressMessage("Design", "CA1001", Justification = "The semaphore has no wait handle to dispose.")]
sealed class JobEndPoller(IJobReader reader, TimeProvider time)
{
    const int Page = 1000;
    static readonly TimeSpan _firstPause = TimeSpan.FromMilliseconds(5);
    static readonly TimeSpan _longestPause = TimeSpan.FromMilliseconds(500);

    readonly Lock _lock = new();
    readonly HashSet<Pending> _pending = [];
    readonly SemaphoreSlim _news = new(0, 1);
    bool _polling;

    /// <summary>Waits for a job's end.</summary>
    /// <returns>The state in which it ended.</returns>
    /// <exception cref="TimeoutException">It has not ended in time.</exception>
    /// <exception cref="KeyNotFoundException">There is no such job.</exception>
    public async Task<JobState> WaitAsync(long jobId, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var pending = new Pending(jobId, timeout, time);
        Add(pending);
        try
        {
            return await pending.End.WaitAsync(cancellationToken);
        }
        finally
        {
            lock (_lock)
                _pending.Remove(pending);
        }
    }

    void Add(Pending pending)
    {
        lock (_lock)
        {
            _pending.Add(pending);
            if (_news.CurrentCount == 0)
                _news.Release();
            if (_polling)
                return;
            _polling = true;
        }

        ThreadPool.UnsafeQueueUserWorkItem(static poller => _ = poller.PollAsync(), this, preferLocal: true);
    }

    async Task PollAsync()
    {
        while (NextLook() is { } rest)
        {
            if (rest > TimeSpan.Zero)
            {
                await _news.WaitAsync(rest);
                continue;
            }

            var started = time.GetTimestamp();
            foreach (var page in Due().GroupBy(pending => pending.JobId).Chunk(Page))
                await LookAsync(page);
            var took = time.GetElapsedTime(started);
            await Task.Delay(took > _firstPause ? took : _firstPause, time);
        }
    }

    /// <returns>How long it is until the next look; null when nobody waits, and then the loop is over.</returns>
    TimeSpan? NextLook()
    {
        lock (_lock)
        {
            _polling = _pending.Count > 0;
            return _polling ? _pending.Min(pending => pending.Rest) : null;
        }
    }

    List<Pending> Due()
    {
        lock (_lock)
            return [.. _pending.Where(pending => pending.IsNearlyDue)];
    }

    async Task LookAsync(IGrouping<long, Pending>[] page)
    {
        try
        {
            var states = (await reader.GetStatesAsync([.. page.Select(job => job.Key)], CancellationToken.None)).ToDictionary(state => state.JobId);
            foreach (var pending in page.SelectMany(job => job))
                pending.Note(states.GetValueOrDefault(pending.JobId));
        }
        catch (Exception e)
        {
            foreach (var pending in page.SelectMany(job => job))
                pending.Fail(e);
        }

        lock (_lock)
            _pending.RemoveWhere(pending => pending.End.IsCompleted);
    }

    /// <summary>Somebody who waits.</summary>
    sealed class Pending(long jobId, TimeSpan? timeout, TimeProvider time)
    {
        // Callers go on elsewhere: the others do not wait for them.
        readonly TaskCompletionSource<JobState> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
        readonly long _began = time.GetTimestamp();
        long _looked;
        TimeSpan _pause;

        public long JobId => jobId;

        public Task<JobState> End => _end.Task;

        /// <summary>How long it is until the next look is due.</summary>
        public TimeSpan Rest
        {
            get
            {
                var rest = _pause == TimeSpan.Zero ? TimeSpan.Zero : _pause - time.GetElapsedTime(_looked);
                return timeout - time.GetElapsedTime(_began) is { } left && left < rest ? left : rest;
            }
        }

        public bool IsNearlyDue => Rest <= _pause / 2;

        /// <summary>Ends the wait, or takes a longer pause.</summary>
        public void Note(CurrentState? seen)
        {
            if (seen is null)
                Fail(new KeyNotFoundException($"There is no job {jobId}: it never was, or it has expired."));
            else if (seen.End is { } end)
                _end.TrySetResult(end);
            else if (seen.IsLeft)
                _pause = TimeSpan.Zero;
            else if (timeout is { } limit && time.GetElapsedTime(_began) >= limit)
                Fail(new TimeoutException($"Job {jobId} has not ended within {limit}; it is {seen.Name ?? "not in a state yet"}."));
            else
                (_looked, _pause) = (time.GetTimestamp(), Longer(_pause));
        }

        public void Fail(Exception exception) => _end.TrySetException(exception);

        static TimeSpan Longer(TimeSpan pause) =>
            pause == TimeSpan.Zero ? _firstPause : pause * 1.5 < _longestPause ? pause * 1.5 : _longestPause;
    }
}
