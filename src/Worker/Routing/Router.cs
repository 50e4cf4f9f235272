using System.Collections.Concurrent;
using Microsoft.Extensions.Options;

namespace JobRunner.Worker;

/// <summary>
/// Decides the lane of a job. First match wins: an attribute on the method, then on its class or interface; a configured
/// rule; the signature, by which a method that returns a task is asynchronous and any other goes to a sandbox.
/// </summary>
sealed class Router(IOptions<WorkerOptions> options)
{
    readonly ConcurrentDictionary<(JobMethod, string Queue), LaneKind> _decided = new();

    public LaneKind LaneOf(JobMethod method, string queue) =>
        _decided.GetOrAdd((method, queue), static (key, self) => self.Decide(key.Item1, key.Queue), this);

    LaneKind Decide(JobMethod method, string queue)
    {
        if (OnMethod(method) is { } byMethod)
            return byMethod;
        if (method.Attribute<SandboxedAttribute>() is not null)
            return LaneKind.Sandbox;
        if (method.Attribute<InProcessAttribute>() is not null)
            return InProcess(method);
        if (options.Value.Rules.FirstOrDefault(rule => rule.Fits(queue, method)) is { } matching)
            return matching.Lane == LaneKind.Sandbox ? LaneKind.Sandbox : InProcess(method);
        if (method.IsAsync)
            return LaneKind.Async;
        return options.Value.SynchronousLane == LaneKind.Sandbox ? LaneKind.Sandbox : LaneKind.Thread;
    }

    static LaneKind? OnMethod(JobMethod method) =>
        method.IsOnMethod<SandboxedAttribute>() ? LaneKind.Sandbox
        : method.IsOnMethod<InProcessAttribute>() ? InProcess(method)
        : null;

    static LaneKind InProcess(JobMethod method) => method.IsAsync ? LaneKind.Async : LaneKind.Thread;
}
