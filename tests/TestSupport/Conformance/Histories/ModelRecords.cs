namespace JobRunner.TestSupport;

/// <summary>A state row of the model.</summary>
/// <param name="state">What was written.</param>
/// <param name="now">When, since the history began.</param>
sealed class ModelState(JobState state, TimeSpan now)
{
    public JobState State => state;

    public string Name => state.Name;

    /// <summary>When a scheduled job is due, since the history began.</summary>
    public TimeSpan DueAt => now + (HangfireTime.Parse(state.Data["EnqueueAt"]) - state.CreatedAt);

    /// <summary>The id that the store gave it, once an answer has told it.</summary>
    public long? Id { get; set; }
}

/// <summary>A job of the model.</summary>
sealed class ModelJob(long id, string? ownQueue)
{
    public long Id => id;

    public string? OwnQueue => ownQueue;

    /// <summary>Oldest first.</summary>
    public List<ModelState> History { get; } = [];

    public ModelState Current => History[^1];

    public int Retries { get; set; }

    /// <summary>The state rows under which a worker died.</summary>
    public List<ModelState> Deaths { get; } = [];

    public TimeSpan? ExpiresAt { get; set; }

    public bool IsGone { get; set; }

    public bool IsRetry => Current is { Name: JobStates.Scheduled, State.Reason: { } reason } && reason.StartsWith(StateReasons.RetryPrefix, StringComparison.Ordinal);

    public override string ToString() => $"job {id}";
}

/// <summary>A server of the model.</summary>
/// <param name="HeardAt">When it was heard last.</param>
/// <param name="HeardSince">Since when it has been heard without a gap.</param>
sealed record ModelServer(TimeSpan HeardAt, TimeSpan HeardSince);

/// <summary>A queue row of the model: it waits, or somebody has claimed it.</summary>
sealed class ModelRow(ModelJob job, string queue)
{
    public ModelJob Job => job;

    public string Queue { get; set; } = queue;

    public ModelClaim? Holder { get; set; }

    public TimeSpan RenewedAt { get; set; }
}

/// <summary>A claim as its executor knows it; whether it still holds, only the row can tell.</summary>
sealed class ModelClaim(ModelRow row)
{
    public ModelRow Row => row;

    public ModelJob Job => row.Job;

    /// <summary>The state that the executor saw last.</summary>
    public ModelState Seen { get; set; } = row.Job.Current;

    /// <summary>True when the executor has written that the job is Processing.</summary>
    public bool IsMarked { get; set; }

    /// <summary>What the store calls it.</summary>
    public Storage.Claim Real { get; set; }
}

/// <summary>A change of state by an executor, as it is sent, perhaps more than once.</summary>
sealed class ModelChange(ModelClaim claim, IReadOnlyList<JobState> states, int? retries)
{
    public ModelClaim Claim => claim;

    public ModelJob Job => claim.Job;

    public ModelState Seen { get; } = claim.Seen;

    public IReadOnlyList<JobState> States => states;

    /// <summary>How many retries the job has had then; null when there was none.</summary>
    public int? Retries => retries;

    public bool Ends => states[^1].Name != JobStates.Processing;

    /// <summary>What it wrote when it took; its last row is the state that the job entered.</summary>
    public ModelState[]? Written { get; set; }
}
