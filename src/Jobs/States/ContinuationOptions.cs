namespace JobRunner;

/// <summary>Which end of its parent a continuation waits for. Failed is not an end: a failed job may be requeued, and its
/// continuations go on waiting.</summary>
public enum ContinuationOptions
{
    /// <summary>Whether the parent succeeds or is deleted.</summary>
    OnAnyFinishedState = 0,

    /// <summary>Only if the parent succeeds; if it is deleted, the continuation is deleted, too.</summary>
    OnlyOnSucceededState = 1,

    /// <summary>Only if the parent is deleted; if it succeeds, the continuation is deleted.</summary>
    OnlyOnDeletedState = 2,
}
