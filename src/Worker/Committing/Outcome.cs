namespace JobRunner.Worker;

/// <summary>How an execution ended, as data. Lanes make it; the committer alone turns it into a change of state.</summary>
abstract record Outcome
{
    /// <summary>The job returned; the result is JSON, or null.</summary>
    public sealed record Succeeded(string? Result, TimeSpan Duration) : Outcome;

    /// <summary>The job threw, or was ended for a reason that is its own.</summary>
    public sealed record Failed(EndReason Reason, ExceptionInfo Exception) : Outcome;

    /// <summary>The job was deleted, requeued or taken over while it ran: nothing is left to write.</summary>
    public sealed record Cancelled : Outcome;

    /// <summary>The worker stopped, or the run lost its lock, before the job could end: it is given back at no cost to its attempts.</summary>
    public sealed record Interrupted : Outcome;

    /// <summary>What an end amounts to for an execution that was told to stop.</summary>
    public static Outcome OfStop(EndReason reason) => reason is EndReason.Shutdown or EndReason.LostLock ? new Interrupted() : new Cancelled();
}
