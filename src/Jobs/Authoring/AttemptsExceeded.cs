namespace JobRunner;

/// <summary>What becomes of a job when no retry is left. The numbers are Hangfire's.</summary>
public enum AttemptsExceeded
{
    /// <summary>It stays Failed until somebody requeues or deletes it.</summary>
    Fail,

    /// <summary>It is deleted, and expires.</summary>
    Delete,
}
