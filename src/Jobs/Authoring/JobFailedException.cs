namespace JobRunner;

/// <summary>What <see cref="IJobClient.WaitAsync"/> and a sandbox pool throw for a job that ended without a result: the
/// job's own exception, as data, or why it was ended.</summary>
public sealed class JobFailedException : Exception
{
    /// <summary>Creates it.</summary>
    public JobFailedException(EndReason reason, ExceptionInfo info) : base(info.Message)
    {
        Reason = reason;
        Info = info;
    }

    /// <summary>Why the job ended.</summary>
    public EndReason Reason { get; }

    /// <summary>The exception that the job threw, or the one that tells its end.</summary>
    public ExceptionInfo Info { get; }
}
