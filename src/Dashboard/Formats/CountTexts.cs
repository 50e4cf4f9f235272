using JobRunner.Storage;

namespace JobRunner.Dashboard.Formats;

/// <summary>The numbers of a store as pages show them: what is an estimate or a bound says so.</summary>
static class CountTexts
{
    public static string OfState(StoreCounts counts, string state)
    {
        var jobs = counts.ByState.GetValueOrDefault(state);
        return counts.Estimated.Contains(state) ? About(jobs) : Numbers.Format(jobs);
    }

    public static string OfRetries(StoreCounts counts) => UpTo(counts.RetriesBound, counts.Retries);

    public static string OfQueue(StoreCounts counts, long waiting) => UpTo(counts.QueueBound, waiting);

    public static string OfWaiting(StoreCounts counts) => counts.IsWaitingExact ? Numbers.Format(counts.Waiting) : About(counts.Waiting);

    /// <summary>The texts of those numbers that are not exact, by the names under which pages know them.</summary>
    public static IReadOnlyDictionary<string, string> Inexact(StoreCounts counts)
    {
        var texts = counts.Estimated.ToDictionary(state => state, state => OfState(counts, state));
        if (counts.Retries >= counts.RetriesBound)
            texts["retries"] = OfRetries(counts);
        if (!counts.IsWaitingExact)
            texts["waiting"] = OfWaiting(counts);
        return texts;
    }

    static string UpTo(long bound, long number) => number < bound ? Numbers.Format(number) : $"{Numbers.Format(number)}+";

    // Three digits: an estimate knows no more.
    static string About(long number)
    {
        var unit = 1L;
        while (number / unit >= 1000)
            unit *= 10;
        return $"≈ {Numbers.Format((long)Math.Round((double)number / unit) * unit)}";
    }
}
