namespace JobRunner;

/// <summary>Reasons with a fixed text, as Hangfire writes them: its dashboard and its users' queries know them.</summary>
public static class StateReasons
{
    /// <summary>On Failed: the job threw.</summary>
    public const string JobThrew = "An exception occurred during performance of the job.";

    /// <summary>On Enqueued: its instant has come.</summary>
    public const string Due = "Triggered by DelayedJobScheduler";

    /// <summary>On Enqueued: an occurrence of a recurring job.</summary>
    public const string Recurring = "Triggered by recurring job scheduler";

    /// <summary>On Enqueued: somebody asked for a run of a recurring job.</summary>
    public const string RecurringByHand = "Triggered using recurring job manager";

    /// <summary>On Failed, or Deleted: no retry is left.</summary>
    public const string RetriesExceeded = "Exceeded the maximum number of retry attempts.";

    /// <summary>On Deleted: the job has no retries at all, and is not kept as Failed.</summary>
    public const string RetriesDisabled = "Retries were disabled for this job.";

    /// <summary>On Failed: the call names a type or a method that is not there.</summary>
    public const string NotFound = "Can not change the state to 'Processing': target method was not found.";

    /// <summary>On Enqueued or Deleted: somebody pressed the button.</summary>
    public const string FromDashboard = "Triggered via Dashboard UI";

    /// <summary>On Deleted: the job waited for another one, which ended in another way.</summary>
    public const string ConditionNotMet = "Continuation condition was not met";

    /// <summary>On Failed: the job waited for another one, and where it should go then cannot be read.</summary>
    public const string ContinuationUnreadable = "An error occurred while deserializing the continuation";

    /// <summary>What the reason of every retry starts with; Hangfire lists such jobs on its page of retries.</summary>
    public const string RetryPrefix = "Retry attempt";
}
