using System.Reflection;
using JobRunner.Storage;

namespace JobRunner.Benchmarks;

/// <summary>The store between a worker and us: it passes everything on, and tells the <see cref="StoreWatch"/>. (Asking the
/// store how far it is would be a part of what is measured.)</summary>
#pragma warning disable CA1852 // The proxy is a subtype that is made when the program runs.
class WatchedStore : DispatchProxy
#pragma warning restore CA1852
{
    IJobStore _store = null!;
    IWorkQueue _queue = null!;

    public static IJobStore Around(IJobStore store, StoreWatch watch)
    {
        var proxy = Create<IJobStore, WatchedStore>();
        (((WatchedStore)proxy)._store, ((WatchedStore)proxy)._queue) = (store, WatchedQueue.Around(store.Queue, watch));
        return proxy;
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => targetMethod!.ReturnType == typeof(IWorkQueue)
        ? _queue
        : targetMethod.Invoke(_store, BindingFlags.DoNotWrapExceptions, null, args, null);
}

/// <summary>Its queue: what the worker claims, and what it writes.</summary>
#pragma warning disable CA1852 // The proxy is a subtype that is made when the program runs.
class WatchedQueue : DispatchProxy
#pragma warning restore CA1852
{
    IWorkQueue _queue = null!;
    StoreWatch _watch = null!;

    public static IWorkQueue Around(IWorkQueue queue, StoreWatch watch)
    {
        var proxy = Create<IWorkQueue, WatchedQueue>();
        (((WatchedQueue)proxy)._queue, ((WatchedQueue)proxy)._watch) = (queue, watch);
        return proxy;
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        if (targetMethod!.Name == nameof(IWorkQueue.ClaimAsync))
            _watch.OnClaim();
        var result = targetMethod.Invoke(_queue, BindingFlags.DoNotWrapExceptions, null, args, null);
        return targetMethod.Name switch
        {
            nameof(IWorkQueue.ClaimAsync) => _watch.CountAsync((Task<ClaimResult>)result!),
            nameof(IWorkQueue.ApplyAsync) => _watch.CountAsync((IReadOnlyList<StateChange>)args![0]!, (Task<AppliedChanges>)result!),
            _ => result,
        };
    }
}
