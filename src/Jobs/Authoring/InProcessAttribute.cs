namespace JobRunner;

/// <summary>
/// Runs the job in the worker's own process: an asynchronous method on the async lane, a synchronous one on a thread of
/// its own from a bounded set. On a method it wins over its class or interface.
/// </summary>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Class | AttributeTargets.Interface)]
public sealed class InProcessAttribute : Attribute;
