using JobRunner.Storage;

namespace JobRunner.InMemory;

/// <summary>A job and its history. Touched only under the store's lock.</summary>
sealed class InMemoryJob(long id, Invocation invocation, IReadOnlyDictionary<string, string?> parameters, DateTimeOffset createdAt)
{
    public long Id => id;

    public Invocation Invocation => invocation;

    public Dictionary<string, string?> Parameters { get; } = new(parameters, StringComparer.Ordinal);

    public DateTimeOffset CreatedAt => createdAt;

    public DateTimeOffset? ExpireAt { get; set; }

    /// <summary>Oldest first.</summary>
    public List<JobState> History { get; } = new(3);

    public long StateId { get; set; }

    public JobState State => History[^1];

    public InMemoryQueueRow? QueueRow { get; set; }

    public JobProgress? Progress { get; set; }

    public List<JobLogLine>? Log { get; set; }
}

/// <summary>A job's place in a queue; while it is fetched, some worker has it.</summary>
sealed class InMemoryQueueRow(long id, long jobId, string queue)
{
    public long Id => id;

    public long JobId => jobId;

    public string Queue { get; set; } = queue;

    public int Token { get; set; }

    public DateTimeOffset? FetchedAt { get; set; }
}
