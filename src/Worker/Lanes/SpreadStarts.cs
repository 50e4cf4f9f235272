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

    readonly StartQueue _line = new();

    /// <summary>Starts the execution on its lane when its turn comes.</summary>
    public void Add(Lane lane, Execution execution) => _line.Add(lane, execution);

    /// <summary>Takes away, at a stop, those that never began.</summary>
    public IReadOnlyList<Execution> TakeLine() => _line.TakeAll();

    public async Task RunAsync(CancellationToken stopping)
    {
        var longest = 0;
        while (!stopping.IsCancellationRequested)
        {
            var waiting = _line.Count;
            longest = waiting == 0 ? 0 : Math.Max(longest, waiting);
            if (waiting == 0)
            {
                await _line.WaitAsync(stopping);
                continue;
            }

            for (var count = Math.Max(Fewest, (longest + Ticks - 1) / Ticks); count > 0 && _line.Take() is var (lane, execution); count--)
                lane.Add(execution);
            await Task.Delay(_tick, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
