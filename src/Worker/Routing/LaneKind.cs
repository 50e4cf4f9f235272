namespace JobRunner.Worker;

/// <summary>Where a job runs.</summary>
public enum LaneKind
{
    /// <summary>In the worker's process, as an asynchronous method that holds no thread while it waits.</summary>
    Async,

    /// <summary>In the worker's process, on a thread of its own.</summary>
    Thread,

    /// <summary>In a sandbox: a child process that can be limited and killed.</summary>
    Sandbox,
}
