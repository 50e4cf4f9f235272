using JobRunner.Storage;

namespace JobRunner.InMemory;

/// <summary>A job and its history. Touched only under the store's lock.</summary>
sealed class InMemoryJob(long id, Invocation invocation, IReadOnlyDictionary<string, string?> parameters, DateTimeOffset createdAt)
{
    public long Id => id;

    public Invocation Invocation => invocation;

    /// <summary>Its method, as claims name it.</summary>
    public string Method => invocation.StoredMethod;

    public Dictionary<string, string?> Parameters { get; } = new(parameters, StringComparer.Ordinal);

    public DateTimeOffset CreatedAt => createdAt;

    public DateTimeOffset? ExpireAt { get; set; }

    /// <summary>Oldest first.</summary>
    public List<JobState> History { get; } = new(3);

    public long StateId { get; set; }

    public JobState State => History[^1];

    /// <summary>Oldest first: one, but for a job that was enqueued anew while it ran.</summary>
    public List<InMemoryQueueRow> QueueRows { get; } = new(1);

    public JobProgress? Progress { get; set; }

    public List<JobLogLine>? Log { get; set; }
}

/// <summary>A job's place in a queue; while it is fetched, some worker has it.</summary>
sealed class InMemoryQueueRow(long id, InMemoryJob job, string queue)
{
    public long Id => id;

    public InMemoryJob Job => job;

    public long JobId => job.Id;

    public string Queue => queue;

    public int Token { get; set; }

    public DateTimeOffset? FetchedAt { get; set; }
}
