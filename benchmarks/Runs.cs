namespace JobRunner.Benchmarks;

/// <summary>One scenario several times.</summary>
static class Runs
{
    /// <returns>The run whose rate is the median (the lower one of two), and all rates in the order of the runs.</returns>
    public static async Task<(T Median, double[] All)> RepeatAsync<T>(int runs, Func<Task<T>> run, Func<T, double> perSecond)
    {
        var results = new List<T>(runs);
        while (results.Count < runs)
            results.Add(await run());
        return (results.OrderBy(perSecond).ElementAt((runs - 1) / 2), [.. results.Select(perSecond)]);
    }
}
