using Microsoft.Extensions.Logging;

namespace JobRunner.Worker;

/// <summary>A piece of housekeeping: one round, over and over, each of which says how long to wait for the next.</summary>
/// <param name="name">What it does, for the log.</param>
/// <param name="round">Does one round.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">For outages.</param>
/// <param name="wake">Ends the wait for the next round.</param>
sealed class Poller(string name, Func<CancellationToken, Task<TimeSpan>> round, TimeProvider time, ILogger logger, SignalSlot? wake = null)
{
    readonly Outage _outage = new(logger, name, time);
    readonly SignalSlot _wake = wake ?? new();

    public async Task RunAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            var pause = TimeSpan.Zero;
            await _outage.TryAsync(async () => pause = await round(stopping), stopping);
            if (pause != TimeSpan.Zero)
                await _wake.WaitAsync(pause, stopping).ContinueWith(static _ => { }, TaskScheduler.Default);
        }
    }
}
