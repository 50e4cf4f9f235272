namespace JobRunner;

/// <summary>
/// Runs of this job exclude each other, on all workers and Hangfire servers of the store. A job whose turn it is not waits
/// beside the queue and holds no slot; after the timeout it fails, and its retries follow. The time runs while it is one of the first 20 that wait for
/// the resource on its worker. Hangfire's own
/// <c>[DisableConcurrentExecution]</c> is understood as well.
/// </summary>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Class | AttributeTargets.Interface)]
public sealed class DisableConcurrentExecutionAttribute : Attribute
{
    /// <summary>Excludes runs of the same method, whatever their arguments.</summary>
    /// <param name="timeoutSeconds">How long a job waits for its turn; 0 fails it at once.</param>
    public DisableConcurrentExecutionAttribute(int timeoutSeconds) => TimeoutSeconds = timeoutSeconds;

    /// <summary>Excludes runs that name the same resource.</summary>
    /// <param name="resource">The resource; <c>{0}</c> stands for the first argument of the call: <c>"order-{0}"</c>.</param>
    /// <param name="timeoutSeconds">How long a job waits for its turn; 0 fails it at once.</param>
    public DisableConcurrentExecutionAttribute(string resource, int timeoutSeconds) : this(timeoutSeconds) => Resource = resource;

    /// <summary>How long a job waits for its turn.</summary>
    public int TimeoutSeconds { get; }

    /// <summary>The resource, with places for arguments; null for the method itself.</summary>
    public string? Resource { get; set; }
}
