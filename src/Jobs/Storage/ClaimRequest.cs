namespace JobRunner.Storage;

/// <summary>Which jobs a worker wants to claim.</summary>
/// <param name="Queues">The queues, the most urgent first, and what to take from each.</param>
/// <param name="Count">How many jobs at most together.</param>
public sealed record ClaimRequest(IReadOnlyList<QueueLimit> Queues, int Count)
{
    /// <summary>About how many bytes the calls of all these jobs may have together, as they are stored. One job is claimed in any case. Without
    /// a bound by default.</summary>
    public long Bytes { get; init; } = long.MaxValue;
}

/// <summary>A queue to claim from.</summary>
/// <param name="Queue">Its name.</param>
/// <param name="Most">How many jobs at most.</param>
public readonly record struct QueueLimit(string Queue, int Most)
{
    readonly MethodSet? _except;

    /// <summary>Jobs of these methods stay where they are, for others or for later. None by default.</summary>
    public MethodSet Except
    {
        get => _except ?? MethodSet.Empty;
        init => _except = value;
    }

    /// <summary>True to look behind the head of the queue, where jobs stand that were given back lately: at what has come lately, and at a part of the
    /// queue that goes on where the last such claim ended. False by default.</summary>
    public bool PastHead { get; init; }
}

/// <summary>What a claim brought.</summary>
/// <param name="Jobs">The jobs: earlier queues first, and within a queue the oldest first.</param>
/// <param name="IsComplete">False when there may be more at once, although fewer jobs came than were asked for: a claim reads a bounded part of
/// queues in which jobs are left (<see cref="QueueLimit.Except"/>), and the next one goes on; or those jobs had as many bytes as were asked for.</param>
public sealed record ClaimResult(IReadOnlyList<ClaimedJob> Jobs, bool IsComplete);
