namespace JobRunner.Benchmarks;

/// <summary>So many jobs a second, a few in each call; each knows when it was enqueued (<see cref="BenchJobs.TellPickUpAsync"/>).</summary>
sealed class SteadyLoad(IJobClient client, int rate)
{
    static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(10);

    /// <returns>How many jobs it has enqueued.</returns>
    public async Task<int> RunAsync(TimeSpan length, CancellationToken cancellationToken)
    {
        var time = TimeProvider.System;
        var started = time.GetTimestamp();
        var all = (int)(rate * length.TotalSeconds);
        for (var jobs = 0; jobs < all;)
        {
            await Task.Delay(_pause, time, cancellationToken);
            var due = Math.Min(all, (int)(rate * time.GetElapsedTime(started).TotalSeconds));
            var now = time.GetTimestamp();
            await client.EnqueueManyAsync(Enumerable.Repeat(JobCall.Of(() => BenchJobs.TellPickUpAsync(now)), due - jobs), cancellationToken);
            jobs = due;
        }

        return all;
    }
}
