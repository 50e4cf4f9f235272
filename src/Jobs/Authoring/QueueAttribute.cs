namespace JobRunner;

/// <summary>The queue of a job. On a method it wins over its class or interface. A call that carries a queue of its own keeps
/// it only where this names <c>default</c>, as with Hangfire, whose own <c>[Queue]</c> is understood as well.</summary>
/// <param name="queue">The queue; <c>{0}</c> stands for the first argument of the call, and so on: <c>"mail-{0}"</c>.</param>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Class | AttributeTargets.Interface)]
public sealed class QueueAttribute(string queue) : Attribute
{
    /// <summary>The queue, with places for arguments.</summary>
    public string Queue => queue;
}
