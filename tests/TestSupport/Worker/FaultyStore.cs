using System.Reflection;
using JobRunner.Storage;

namespace JobRunner.TestSupport;

/// <summary>What goes wrong with a store, as a test decides: given the name of an operation and its arguments, the exception that its
/// caller sees, or null. Parts of the store have operations of the same name, which differ in their arguments.</summary>
public sealed class StoreFaults
{
    /// <summary>Asked before an operation: when it throws, nothing has happened.</summary>
    public Func<string, object?[], Exception?> Before { get; set; } = (_, _) => null;

    /// <summary>Asked after an operation: it has happened, and its answer is lost.</summary>
    public Func<string, object?[], Exception?> After { get; set; } = (_, _) => null;

    /// <summary>Waited for before an operation.</summary>
    public Func<string, Task> Delay { get; set; } = _ => Task.CompletedTask;

    /// <summary>A store between a worker and the real one.</summary>
    public IJobStore Around(IJobStore store) => (IJobStore)Around(typeof(IJobStore), store);

    internal object Around(Type part, object real)
    {
        var proxy = DispatchProxy.Create(part, typeof(FaultyStore));
        ((FaultyStore)proxy).Init(real, this);
        return proxy;
    }

    /// <summary>An exception like that of a network that broke.</summary>
    public static Exception Broken() => new IOException("The connection broke, says the test.");

    /// <summary>True for a write of changes of which one ends in this state.</summary>
    public static bool Writes(string operation, object?[] arguments, string state)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        return operation == nameof(IWorkQueue.ApplyAsync)
            && ((IReadOnlyList<StateChange>)arguments[0]!).Any(change => change.States[^1].Name == state);
    }
}

/// <summary>A store, or a part of one.</summary>
#pragma warning disable CA1852 // The proxy is a subtype that is made when the program runs.
class FaultyStore : DispatchProxy
#pragma warning restore CA1852
{
    static readonly MethodInfo _withResult =
        typeof(FaultyStore).GetMethod(nameof(ResultAsync), BindingFlags.Instance | BindingFlags.NonPublic)!;

    object _real = null!;
    StoreFaults _faults = null!;

    public void Init(object real, StoreFaults faults) => (_real, _faults) = (real, faults);

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        var call = new Call(targetMethod!, args ?? []);
        if (call.Method.IsSpecialName)
            return call.Method.ReturnType.IsInterface ? _faults.Around(call.Method.ReturnType, Begin(call)!) : Begin(call);
        if (!typeof(Task).IsAssignableFrom(call.Method.ReturnType))
            return Run(call);
        return call.Method.ReturnType.IsGenericType
            ? _withResult.MakeGenericMethod(call.Method.ReturnType.GetGenericArguments()[0]).Invoke(this, [call])
            : PlainAsync(call);
    }

    object? Run(Call call)
    {
        Throw(_faults.Before(call.Method.Name, call.Arguments));
        var result = Begin(call);
        Throw(_faults.After(call.Method.Name, call.Arguments));
        return result;
    }

    async Task PlainAsync(Call call)
    {
        await _faults.Delay(call.Method.Name);
        Throw(_faults.Before(call.Method.Name, call.Arguments));
        await (Task)Begin(call)!;
        Throw(_faults.After(call.Method.Name, call.Arguments));
    }

    async Task<T> ResultAsync<T>(Call call)
    {
        await _faults.Delay(call.Method.Name);
        Throw(_faults.Before(call.Method.Name, call.Arguments));
        var result = await (Task<T>)Begin(call)!;
        Throw(_faults.After(call.Method.Name, call.Arguments));
        return result;
    }

    object? Begin(Call call) => call.Method.Invoke(_real, BindingFlags.DoNotWrapExceptions, null, call.Arguments, null);

    static void Throw(Exception? exception)
    {
        if (exception is not null)
            throw exception;
    }

    sealed record Call(MethodInfo Method, object?[] Arguments);
}
