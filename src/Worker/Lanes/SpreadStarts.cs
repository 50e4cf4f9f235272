namespace JobRunner.Worker;

/// <summary>
/// Jobs under which one worker has died. They come back all in one moment, the one that killed it among them; begun in one moment they would all
/// be hit again. So they begin a few at a time, the whole line within six seconds: who kills its worker as it begins takes along what began lately.
/// </summary>
/// <remarks>How many are in flight is not bounded: they may take hours. Thread-safe.</remarks>
sealed class SpreadStarts(TimeProvider time)
{
    const int Fewest = 2;
    const int Ticks = 60;
    static readonly TimeSpan _tick = TimeSpan.FromMilliseconds(100);

    readonly Lock _lock = new();
    readonly Queue<(Action Start, Execution Execution)> _line = new();
    readonly SignalSlot _wake = new();
    int _longest;

    /// <summary>Starts the execution when its turn comes.</summary>
    public void Add(Action start, Execution execution)
    {
        lock (_lock)
        {
            _line.Enqueue((start, execution));
            _longest = Math.Max(_longest, _line.Count);
        }

        _wake.Set();
    }

    /// <summary>Takes away, at a stop, those that never began.</summary>
    public IReadOnlyList<Execution> TakeLine()
    {
        lock (_lock)
        {
            Execution[] waiting = [.. _line.Select(job => job.Execution)];
            _line.Clear();
            return waiting;
        }
    }

    public async Task RunAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            var some = TakeSome();
            some.ForEach(start => start());
            if (some.Count == 0)
                await _wake.PauseAsync(Timeout.InfiniteTimeSpan, stopping);
            else
                await Task.Delay(_tick, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    List<Action> TakeSome()
    {
        var some = new List<Action>();
        lock (_lock)
        {
            var count = Math.Max(Fewest, (_longest + Ticks - 1) / Ticks);
            while (some.Count < count && _line.TryDequeue(out var next))
                some.Add(next.Start);
            if (_line.Count == 0)
                _longest = 0;
        }

        return some;
    }
}
