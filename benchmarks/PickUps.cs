using System.Security.Cryptography;

namespace JobRunner.Benchmarks;

/// <summary>How long new jobs wait for their first line, one at a time, in milliseconds.</summary>
sealed record PickUps(Percentiles FromReturn, Percentiles FromCall, bool Starved)
{
    /// <param name="enqueue">Adds a job that calls <see cref="BenchJobs.TouchAsync"/>, and returns when it is committed.</param>
    /// <param name="jobs">How many.</param>
    /// <param name="pause">How long the worker is left alone before each, on average: 0 to twice as long, at random, so that the
    /// jobs keep no step with the worker's polling.</param>
    /// <param name="patience">How long to wait for one. The first that takes longer counts as that long and ends the series.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<PickUps> MeasureAsync(
        Func<Task> enqueue, int jobs, TimeSpan pause, TimeSpan patience, CancellationToken cancellationToken)
    {
        var time = TimeProvider.System;
        List<double> fromReturn = [], fromCall = [];
        var starved = false;
        while (fromCall.Count < jobs && !starved)
        {
            await Task.Delay(pause * 2 * RandomNumberGenerator.GetInt32(1001) / 1000, time, cancellationToken);
            var touched = BenchJobs.NextTouch();
            var called = time.GetTimestamp();
            await enqueue();
            var returned = time.GetTimestamp();
            await Task.WhenAny(touched, Task.Delay(patience, time, cancellationToken));
            starved = !touched.IsCompleted;
            var began = starved ? time.GetTimestamp() : await touched;
            fromCall.Add(time.GetElapsedTime(called, began).TotalMilliseconds);
            // A worker that is told may begin before the caller has heard of its own commit.
            fromReturn.Add(Math.Max(0, time.GetElapsedTime(returned, began).TotalMilliseconds));
        }

        return new PickUps(new(fromReturn), new(fromCall), starved);
    }
}
