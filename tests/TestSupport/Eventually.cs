using System.Runtime.CompilerServices;

namespace JobRunner.TestSupport;

/// <summary>Waits for a condition that another thread or process brings about.</summary>
public static class Eventually
{
    /// <summary>Looks until the condition holds; fails after the limit (10 s by default), saying what was waited for, and what
    /// <paramref name="more"/> says then.</summary>
    public static async Task HoldsAsync(
        Func<Task<bool>> condition, TimeSpan? limit = null, [CallerArgumentExpression(nameof(condition))] string what = "", Func<string>? more = null)
    {
        var time = TimeProvider.System;
        var started = time.GetTimestamp();
        while (!await condition())
        {
            if (time.GetElapsedTime(started) > (limit ?? TimeSpan.FromSeconds(10)))
                throw new TimeoutException($"It did not come about that {what}{(more is null ? "" : $": {more()}")}");
            await Task.Delay(TimeSpan.FromMilliseconds(10), time, CancellationToken.None);
        }
    }

    public static Task HoldsAsync(Func<bool> condition, TimeSpan? limit = null, [CallerArgumentExpression(nameof(condition))] string what = "") =>
        HoldsAsync(() => Task.FromResult(condition()), limit, what);
}
