namespace JobRunner.Storage;

/// <summary>Jobs to add, in batches that need no more memory for many long jobs than for a few.</summary>
/// <remarks>A job's arguments are stored twice and escaped, and on their way they are in memory some five times, here and in the database.</remarks>
public static class AddBatches
{
    /// <summary>How many characters the arguments of a batch may have together; a longer job is alone in one.</summary>
    public const long MaxPayload = 4 * 1024 * 1024;

    /// <summary>The most jobs of a batch.</summary>
    public const int MaxJobs = 10_000;

    /// <summary>Jobs in batches, in their order. Each is read when it is asked for.</summary>
    public static IEnumerable<IReadOnlyList<NewJob>> Of(IEnumerable<NewJob> jobs)
    {
        ArgumentNullException.ThrowIfNull(jobs);
        var batch = new List<NewJob>();
        var payload = 0L;
        foreach (var job in jobs)
        {
            var more = job.Invocation.PayloadLength;
            if (batch.Count > 0 && (payload + more > MaxPayload || batch.Count == MaxJobs))
            {
                yield return batch;
                (batch, payload) = ([], 0);
            }

            batch.Add(job);
            payload += more;
        }

        if (batch.Count > 0)
            yield return batch;
    }
}
