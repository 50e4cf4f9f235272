using System.Globalization;

namespace JobRunner.InMemory;

/// <summary>Hangfire's counters of finished jobs. Touched only under the state's lock.</summary>
sealed class InMemoryStatistics
{
    readonly Dictionary<string, (long Value, DateTimeOffset? ExpireAt)> _counters = new(StringComparer.Ordinal);

    public long Succeeded => _counters.GetValueOrDefault("stats:succeeded").Value;

    public long Deleted => _counters.GetValueOrDefault("stats:deleted").Value;

    public void Count(StateEffects effects, DateTimeOffset at)
    {
        if (effects.Counted is { } state)
        {
            if (state != "failed")
                Increment($"stats:{state}", 1, null);
            Increment(string.Create(CultureInfo.InvariantCulture, $"stats:{state}:{at:yyyy-MM-dd}"), 1, at.AddMonths(1));
            Increment(string.Create(CultureInfo.InvariantCulture, $"stats:{state}:{at:yyyy-MM-dd-HH}"), 1, at.AddDays(1));
        }

        if (effects.Uncounted is { } left)
            Increment($"stats:{left}", -1, null);
    }

    public void Expire(DateTimeOffset now)
    {
        foreach (var (key, counter) in _counters)
        {
            if (counter.ExpireAt < now)
                _counters.Remove(key);
        }
    }

    void Increment(string key, int by, DateTimeOffset? expireAt) =>
        _counters[key] = (_counters.GetValueOrDefault(key).Value + by, expireAt);
}
