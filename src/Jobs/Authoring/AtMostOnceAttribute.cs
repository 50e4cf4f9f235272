namespace JobRunner;

/// <summary>
/// The job must never run twice: it stays Failed, for a person to look at, where any other job would be run again. That is when its
/// worker dies or is cut off while it runs, and when it throws: it has no retries. Its first run is noted before it
/// begins, which costs a round trip to the store. On a method it wins over its class or interface. A person who requeues the job
/// runs it again; Hangfire's servers know nothing of this.
/// </summary>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Class | AttributeTargets.Interface)]
public sealed class AtMostOnceAttribute : Attribute;
