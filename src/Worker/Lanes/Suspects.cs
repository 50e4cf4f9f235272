namespace JobRunner.Worker;

/// <summary>
/// Jobs under which workers have died. Whether it was they, or something that ran beside them, further runs tell. After the first
/// death their beginnings are spread over some seconds (<see cref="SpreadStarts"/>), so that fewer are hit again; after the second they run one
/// after the other, and each begins with nothing beside it. If the worker dies again, the job is to blame, and whoever claims it next
/// fails it for good.
/// </summary>
/// <remarks>What runs already may take hours, and so may a suspect. So both waits end, and between two such times the lanes have as long
/// for themselves.</remarks>
sealed class Suspects(WorkerLanes lanes, TimeProvider time)
{
    /// <summary>After so many workers died under it, a job does not run again.</summary>
    public const int MostDeaths = 3;

    static readonly TimeSpan _untilAlone = TimeSpan.FromSeconds(30);
    static readonly TimeSpan _alone = TimeSpan.FromSeconds(15);
    static readonly TimeSpan _look = TimeSpan.FromMilliseconds(20);

    // So long without a running job means that the lanes have nothing to do.
    static readonly TimeSpan _idle = TimeSpan.FromMilliseconds(500);

    readonly StartQueue _line = new();
    readonly SpreadStarts _spread = new(time);

    public static bool IsSuspect(Execution execution) => execution.Deaths > 0;

    /// <summary>Starts the execution on its lane when its turn has come.</summary>
    public void Add(Lane lane, Execution execution)
    {
        if (execution.Deaths < MostDeaths - 1)
            _spread.Add(lane, execution);
        else
            _line.Add(lane, execution);
    }

    /// <summary>Takes away, at a stop, those that never began.</summary>
    public IReadOnlyList<Execution> TakeLine() => [.. _line.TakeAll(), .. _spread.TakeLine()];

    public Task RunAsync(CancellationToken stopping) => Task.WhenAll(_spread.RunAsync(stopping), RunAloneAsync(stopping));

    async Task RunAloneAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            if (_line.Count == 0)
            {
                await _line.WaitAsync(stopping);
                continue;
            }

            var started = time.GetTimestamp();
            lanes.Hold();
            await UntilAsync(() => lanes.Running == 0, _untilAlone, stopping);
            await RunSomeAsync(stopping);
            if (stopping.IsCancellationRequested)
                return; // what waits in the lanes is given back
            lanes.Resume();
            await LetOthersRunAsync(time.GetElapsedTime(started), stopping);
        }
    }

    async Task LetOthersRunAsync(TimeSpan limit, CancellationToken stopping)
    {
        var busy = time.GetTimestamp();
        await UntilAsync(() => IsIdle(ref busy), limit, stopping);
    }

    bool IsIdle(ref long busy)
    {
        if (lanes.Running > 0)
            busy = time.GetTimestamp();
        return time.GetElapsedTime(busy) >= _idle;
    }

    // One after the other, until the time is over or one takes longer.
    async Task RunSomeAsync(CancellationToken stopping)
    {
        var started = time.GetTimestamp();
        while (!stopping.IsCancellationRequested && time.GetElapsedTime(started) < _alone && _line.Take() is var (lane, suspect))
        {
            lane.StartNow(suspect);
            await UntilAsync(() => suspect.HasEnded, _alone, stopping);
            if (!suspect.HasEnded)
                return;
        }
    }

    async Task UntilAsync(Func<bool> condition, TimeSpan limit, CancellationToken stopping)
    {
        var started = time.GetTimestamp();
        while (!condition() && !stopping.IsCancellationRequested && time.GetElapsedTime(started) < limit)
            await Task.Delay(_look, time, CancellationToken.None);
    }
}
