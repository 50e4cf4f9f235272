namespace JobRunner.Postgres;

/// <summary>
/// Says when a claim may scan its queues from their heads. While somebody keeps an old snapshot open (a backup, a
/// forgotten transaction), the entries of all jobs that were claimed since stay at the head of the index, and such a scan goes
/// over all of them: 25 ms for 100,000. Then only a tenth of the time is given to it, and the claims in between begin behind the
/// last job that was claimed. Jobs that come back into a queue, whose ids are older, are found by the next full scan.
/// </summary>
/// <remarks>Thread-safe.</remarks>
sealed class FullScanThrottle(TimeProvider time)
{
    const int SlowOnes = 8;
    const int Share = 10;

    static readonly TimeSpan _slow = TimeSpan.FromMilliseconds(3);
    static readonly TimeSpan _perJob = TimeSpan.FromMicroseconds(30);

    readonly Lock _lock = new();
    int _slowInARow;
    long _ended;
    TimeSpan _pause;

    /// <summary>True unless full scans have been slow, many in a row, and the last one was just now.</summary>
    public bool AllowsFullScan
    {
        get
        {
            lock (_lock)
                return _slowInARow < SlowOnes || time.GetElapsedTime(_ended) >= _pause;
        }
    }

    /// <summary>Notes a full scan.</summary>
    /// <param name="took">How long the claim took.</param>
    /// <param name="jobs">How many jobs it brought: they have their price in any case.</param>
    public void Note(TimeSpan took, int jobs)
    {
        var scanned = took - (jobs * _perJob);
        lock (_lock)
        {
            _slowInARow = scanned > _slow ? _slowInARow + 1 : 0;
            _ended = time.GetTimestamp();
            _pause = scanned * (Share - 1);
        }
    }
}
