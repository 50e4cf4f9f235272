using System.Collections.Concurrent;
using System.Linq.Expressions;
using System.Reflection;

namespace JobRunner;

/// <summary>A method that jobs call: found once, compiled once, then invoked without reflection.</summary>
public sealed class JobMethod
{
    readonly Lazy<Func<object?, object?[], ValueTask<object?>>> _invoke;
    readonly Lazy<JobPolicy> _policy;
    readonly AttributePlaces _places;
    readonly ConcurrentDictionary<Type, Attribute?> _attributes = new();

    /// <summary>Describes a method of a type.</summary>
    public JobMethod(Type type, MethodInfo method)
    {
        Type = type;
        Method = method;
        Parameters = method.GetParameters();
        IsAsync = ReturnsTask(method.ReturnType);
        _invoke = new(() => Compile(method));
        _places = new(type, method);
        _policy = new(() => new(_places));
    }

    /// <summary>The type that the method is called on.</summary>
    public Type Type { get; }

    /// <summary>The method.</summary>
    public MethodInfo Method { get; }

    /// <summary>Its parameters.</summary>
    public IReadOnlyList<ParameterInfo> Parameters { get; }

    /// <summary>True when it returns a task, with or without a result.</summary>
    public bool IsAsync { get; }

    /// <summary>True for parameters whose value is not stored but given when the job runs: <see cref="CancellationToken"/> and
    /// <see cref="IJobContext"/>, and Hangfire's own two, which are refused when the job runs.</summary>
    public static bool IsSubstituted(Type parameter) =>
        parameter == typeof(CancellationToken) || parameter == typeof(IJobContext)
        || IsHangfires(parameter.FullName);

    /// <summary>True for the full names of the types that only Hangfire's server can give.</summary>
    internal static bool IsHangfires(string? type) => type is "Hangfire.IJobCancellationToken" or "Hangfire.Server.PerformContext";

    /// <summary>What its attributes, ours and Hangfire's, say about retries, queue, name and exclusion.</summary>
    public JobPolicy Policy => _policy.Value;

    /// <summary>The attribute on the method, else on its type, else on an interface of its type; null when it is nowhere.</summary>
    public T? Attribute<T>() where T : Attribute => (T?)_attributes.GetOrAdd(
        typeof(T), static (type, places) => places.Nearest(type.FullName!)?.ToAttribute<T>(), _places);

    /// <summary>True when the attribute stands on the method itself.</summary>
    public bool IsOnMethod<T>() where T : Attribute => _places.OnMethod(typeof(T).FullName!) is not null;

    /// <summary>Calls the method; the task ends when the job does. Exceptions are the job's own, unwrapped.</summary>
    public ValueTask<object?> InvokeAsync(object? instance, object?[] arguments) => _invoke.Value(instance, arguments);

    static Func<object?, object?[], ValueTask<object?>> Compile(MethodInfo method)
    {
        var instance = Expression.Parameter(typeof(object));
        var arguments = Expression.Parameter(typeof(object?[]));
        var call = Call(
            method,
            method.IsStatic ? null : Expression.Convert(instance, method.DeclaringType!),
            [.. method.GetParameters().Select((parameter, i) =>
                Expression.Convert(Expression.ArrayIndex(arguments, Expression.Constant(i)), parameter.ParameterType))]);
        return Expression.Lambda<Func<object?, object?[], ValueTask<object?>>>(Awaiting(call), instance, arguments).Compile();
    }

    // Through a delegate: a direct call is inlined, and then a job's stack does not show its own method.
    static Expression Call(MethodInfo method, Expression? instance, Expression[] arguments)
    {
        if (method.DeclaringType!.IsValueType && instance is not null)
            return Expression.Call(instance, method, arguments);
        Expression[] all = instance is null ? arguments : [instance, .. arguments];
        var type = Expression.GetDelegateType([.. all.Select(argument => argument.Type), method.ReturnType]);
        return Expression.Invoke(Expression.Constant(method.CreateDelegate(type)), all);
    }

    static Expression Awaiting(Expression call)
    {
        var type = call.Type;
        if (type == typeof(void))
            return Expression.Block(call, Expression.Default(typeof(ValueTask<object?>)));
        if (type.IsConstructedGenericType && type.GetGenericTypeDefinition() is var definition
            && (definition == typeof(Task<>) || definition == typeof(ValueTask<>)))
            return Expression.Call(Awaiter(definition == typeof(Task<>) ? nameof(OfTaskWithResult) : nameof(OfValueTaskWithResult))
                .MakeGenericMethod(type.GetGenericArguments()), call);
        if (typeof(Task).IsAssignableFrom(type))
            return Expression.Call(Awaiter(nameof(OfTask)), call);
        if (type == typeof(ValueTask))
            return Expression.Call(Awaiter(nameof(OfValueTask)), call);
        return Expression.New(typeof(ValueTask<object?>).GetConstructor([typeof(object)])!, Expression.Convert(call, typeof(object)));
    }

    static MethodInfo Awaiter(string name) => typeof(JobMethod).GetMethod(name, BindingFlags.NonPublic | BindingFlags.Static)!;

    static bool ReturnsTask(Type type) =>
        typeof(Task).IsAssignableFrom(type) || type == typeof(ValueTask)
        || (type.IsConstructedGenericType && type.GetGenericTypeDefinition() == typeof(ValueTask<>));

    static async ValueTask<object?> OfTask(Task task)
    {
        await task;
        return null;
    }

    static async ValueTask<object?> OfTaskWithResult<T>(Task<T> task) => await task;

    static async ValueTask<object?> OfValueTask(ValueTask task)
    {
        await task;
        return null;
    }

    static async ValueTask<object?> OfValueTaskWithResult<T>(ValueTask<T> task) => await task;
}
