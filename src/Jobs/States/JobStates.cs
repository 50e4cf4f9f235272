namespace JobRunner;

/// <summary>The names of a job's states: Hangfire's names, exact in case, because its queries compare them so.</summary>
public static class JobStates
{
    /// <summary>Waiting in a queue.</summary>
    public const string Enqueued = "Enqueued";

    /// <summary>Waiting for an instant, then for a queue. Retries wait here too.</summary>
    public const string Scheduled = "Scheduled";

    /// <summary>Waiting for another job to end.</summary>
    public const string Awaiting = "Awaiting";

    /// <summary>Running on a worker.</summary>
    public const string Processing = "Processing";

    /// <summary>Ran to its end; expires after a day by default.</summary>
    public const string Succeeded = "Succeeded";

    /// <summary>Failed for good. Not final: it can be requeued, and does not expire by default.</summary>
    public const string Failed = "Failed";

    /// <summary>Taken out by a person or a program; expires after a day by default.</summary>
    public const string Deleted = "Deleted";

    /// <summary>All seven names, in the order in which pages list them.</summary>
    public static IReadOnlyList<string> All { get; } = [Enqueued, Scheduled, Awaiting, Processing, Succeeded, Failed, Deleted];

    /// <summary>True for the states that end a job: Succeeded and Deleted. Failed is not final.</summary>
    public static bool IsFinal(string state) => state is Succeeded or Deleted;

    /// <summary>True for the states in which nothing more happens by itself: the final ones, and Failed, which is for good.</summary>
    public static bool HasEnded(string? state) => state is Succeeded or Failed or Deleted;

    /// <summary>True for the states in which a worker may take a job off a queue. Scheduled is among them because
    /// Hangfire moves a scheduled job that names its own queue into the queue without changing its state.</summary>
    public static bool CanBeTaken(string? state) => state is Enqueued or Scheduled or Processing;
}
