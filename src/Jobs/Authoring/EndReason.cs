namespace JobRunner;

/// <summary>Why an execution ended without a result. The numbers are stored: new ones come last.</summary>
public enum EndReason
{
    /// <summary>The job threw.</summary>
    Exception,

    /// <summary>It ran longer than its time limit.</summary>
    TimeLimit,

    /// <summary>It, or what it started, held more memory than its limit allows, or it could get no more.</summary>
    MemoryLimit,

    /// <summary>It used more processor time than its limit allows.</summary>
    CpuTimeLimit,

    /// <summary>Its sandbox died: by a signal, or with an exit code.</summary>
    Crash,

    /// <summary>It was deleted or requeued while it ran.</summary>
    Cancelled,

    /// <summary>The worker stopped.</summary>
    Shutdown,

    /// <summary>Another worker took the job over.</summary>
    LostLease,

    /// <summary>It ended, and the store refuses what it left.</summary>
    NotStored,

    /// <summary>Its worker died under it, too often or once too often for a job that must not run twice.</summary>
    WorkerDied,

    /// <summary>It lost the lock that keeps other runs away (<see cref="DisableConcurrentExecutionAttribute"/>).</summary>
    LostLock,
}
