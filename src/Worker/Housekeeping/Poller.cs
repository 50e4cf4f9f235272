using Microsoft.Extensions.Logging;

namespace JobRunner.Worker;

/// <summary>A piece of housekeeping: one round, over and over, each of which says how long to wait for the next.</summary>
/// <param name="name">What it does, for the log.</param>
/// <param name="round">Does one round.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">For outages.</param>
/// <param name="wake">Ends the wait for the next round, and begins the first one.</param>
/// <param name="turn">Shared by those that are in no hurry: one of them at a time, on one connection.</param>
sealed class Poller(
    string name, Func<CancellationToken, Task<TimeSpan>> round, TimeProvider time, ILogger logger, AsyncAutoResetEvent? wake = null, AsyncAutoResetEvent? turn = null)
{
    readonly StoreRetry _retry = new(logger, name, time);
    readonly AsyncAutoResetEvent _wake = wake ?? new();

    public string Name => name;

    public async Task RunAsync(CancellationToken stopping)
    {
        if (wake is not null)
            await _wake.PauseAsync(Timeout.InfiniteTimeSpan, stopping);
        while (!stopping.IsCancellationRequested)
        {
            var pause = TimeSpan.Zero;
            try
            {
                await _retry.TryAsync(async () => pause = await RoundAsync(stopping), stopping);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }

            if (pause != TimeSpan.Zero)
                await _wake.PauseAsync(pause, stopping);
        }
    }

    async Task<TimeSpan> RoundAsync(CancellationToken stopping)
    {
        if (turn is null)
            return await round(stopping);
        await turn.WaitAsync(Timeout.InfiniteTimeSpan, stopping);
        try
        {
            return await round(stopping);
        }
        finally
        {
            turn.Set();
        }
    }
}
