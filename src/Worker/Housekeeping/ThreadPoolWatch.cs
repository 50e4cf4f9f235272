using Microsoft.Extensions.Logging;

namespace JobRunner.Worker;

/// <summary>Notices that threads of the pool are short, and names the jobs that block them. Asked once a second by a thread that is
/// none of the pool's.</summary>
/// <remarks>A pool whose threads are all blocked gets a new one every half second or so, which takes one piece of work and is blocked
/// by the next job: so it answers late rather than never.</remarks>
sealed class ThreadPoolWatch(Executions executions, TimeProvider time, ILogger<ThreadPoolWatch> logger)
{
    const int MostNames = 5;
    const int LateInARow = 3;
    static readonly TimeSpan _late = TimeSpan.FromMilliseconds(200);
    static readonly TimeSpan _long = TimeSpan.FromSeconds(1);
    static readonly TimeSpan _untilNextTelling = TimeSpan.FromMinutes(1);

    long _askedAt;
    long _answeredAt;
    int _lateInARow;
    long? _toldAt;

    public void Look()
    {
        var asked = Volatile.Read(ref _askedAt);
        var answered = Volatile.Read(ref _answeredAt);
        var waited = answered >= asked ? time.GetElapsedTime(asked, answered) : time.GetElapsedTime(asked);
        _lateInARow = waited > _late ? _lateInARow + 1 : 0;
        if (_lateInARow >= LateInARow)
            Tell();
        if (answered >= asked)
            Ask();
    }

    void Ask()
    {
        Volatile.Write(ref _askedAt, time.GetTimestamp());
        ThreadPool.UnsafeQueueUserWorkItem(static watch => Volatile.Write(ref watch._answeredAt, watch.Now), this, preferLocal: false);
    }

    long Now => time.GetTimestamp();

    void Tell()
    {
        var jobs = executions.All
            .Where(execution => execution.OnThreadSince is { } since && time.GetElapsedTime(since) > _long)
            .CountBy(execution => $"{execution.Method!.Type.Name}.{execution.Method.Method.Name}")
            .OrderByDescending(job => job.Value).ToArray();
        if (jobs.Length == 0 || (_toldAt is { } told && time.GetElapsedTime(told) < _untilNextTelling))
            return;
        _toldAt = time.GetTimestamp();
        logger.PoolBlocked(string.Join(", ", jobs.Take(MostNames).Select(job => $"{job.Key} ({job.Value} times)")));
    }
}
