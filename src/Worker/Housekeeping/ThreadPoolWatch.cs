using Microsoft.Extensions.Logging;

namespace JobRunner.Worker;

/// <summary>Notices that no thread of the pool is free, and names the jobs that block them. Asked once a second by a thread that is
/// none of the pool's.</summary>
sealed class ThreadPoolWatch(Executions executions, TimeProvider time, ILogger<ThreadPoolWatch> logger)
{
    const int MostNames = 5;
    static readonly TimeSpan _long = TimeSpan.FromSeconds(2);
    static readonly TimeSpan _untilNextTelling = TimeSpan.FromMinutes(1);

    volatile bool _answered = true;
    long _askedAt;
    long? _toldAt;

    public void Look()
    {
        if (_answered)
        {
            _answered = false;
            _askedAt = time.GetTimestamp();
            ThreadPool.UnsafeQueueUserWorkItem(static watch => watch._answered = true, this, preferLocal: false);
            return;
        }

        var waited = time.GetElapsedTime(_askedAt);
        if (waited < _long || (_toldAt is { } told && time.GetElapsedTime(told) < _untilNextTelling))
            return;
        _toldAt = time.GetTimestamp();
        logger.PoolBlocked(waited.TotalSeconds, Blocking());
    }

    string Blocking()
    {
        var jobs = executions.All
            .Where(execution => execution.OnThreadSince is { } since && time.GetElapsedTime(since) > _long / 2)
            .CountBy(execution => $"{execution.Method!.Type.Name}.{execution.Method.Method.Name}")
            .OrderByDescending(job => job.Value).ToArray();
        return jobs.Length == 0
            ? "no job before its first await; look for blocking calls after one, or in the application"
            : string.Join(", ", jobs.Take(MostNames).Select(job => $"{job.Key} ({job.Value} times)"));
    }
}
