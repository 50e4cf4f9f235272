using System.Text.Json;
using JobRunner.Storage;

namespace JobRunner.Dashboard.Live;

/// <summary>
/// The numbers that every page shows, read at most once a second however many pages are open, and never when none is:
/// whoever asks within the second shares the reading, and nobody reads in the background.
/// </summary>
sealed class CountsFeed(IJobReader reader, TimeProvider time, IHostApplicationLifetime lifetime)
{
    static readonly TimeSpan _age = TimeSpan.FromSeconds(1);

    readonly Lock _lock = new();
    Task<CountsSnapshot>? _reading;
    long _readAt;
    CountsSnapshot? _last;

    public Task<CountsSnapshot> ReadAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_reading is null || (_reading.IsCompleted && time.GetElapsedTime(_readAt) >= _age))
            {
                _readAt = time.GetTimestamp();
                _reading = Task.Run(CountAsync, CancellationToken.None);
            }

            return _reading.WaitAsync(cancellationToken);
        }
    }

    // Belongs to no request, since many may wait for it. Only one runs at a time, so it alone writes the last snapshot.
    async Task<CountsSnapshot> CountAsync()
    {
        var counts = await reader.CountAsync(lifetime.ApplicationStopping);
        var json = JsonSerializer.Serialize(LiveCounts.Of(counts), LiveJson.Default.LiveCounts);
        if (_last?.Json != json)
            _last = new(counts, json, (_last?.Version ?? 0) + 1);
        return _last;
    }
}

/// <summary>The numbers at one instant.</summary>
/// <param name="Counts">What the store counted.</param>
/// <param name="Json">The same, as pages get it.</param>
/// <param name="Version">Grows when a number changes.</param>
sealed record CountsSnapshot(StoreCounts Counts, string Json, long Version);
