namespace JobRunner.Benchmarks;

/// <summary>So many jobs a second, each by a call of its own that waits for no other; each knows when its call began
/// (<see cref="BenchJobs.TellPickUpAsync"/>).</summary>
sealed class SingleLoad(IJobClient client, int rate)
{
    static readonly TimeSpan _tick = TimeSpan.FromMilliseconds(1);

    /// <returns>How many jobs it has enqueued.</returns>
    public async Task<int> RunAsync(TimeSpan length, CancellationToken cancellationToken)
    {
        var time = TimeProvider.System;
        var started = time.GetTimestamp();
        var all = (int)(rate * length.TotalSeconds);
        var calls = new List<Task>(all);
        using var timer = new PeriodicTimer(_tick, time);
        while (calls.Count < all && await timer.WaitForNextTickAsync(cancellationToken))
        {
            for (var due = Math.Min(all, (int)(rate * time.GetElapsedTime(started).TotalSeconds)); calls.Count < due;)
                calls.Add(EnqueueAsync(time.GetTimestamp()));
        }

        await Task.WhenAll(calls);
        return calls.Count;

        Task EnqueueAsync(long now) => client.EnqueueAsync(() => BenchJobs.TellPickUpAsync(now), cancellationToken);
    }
}
