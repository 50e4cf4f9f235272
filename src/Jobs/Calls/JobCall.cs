using System.Linq.Expressions;
using System.Reflection;

namespace JobRunner;

/// <summary>
/// One call to run later: a method and its arguments. Checked when it is made, so that a call which could never run
/// fails where it is written.
/// </summary>
public sealed class JobCall
{
    JobCall(Type type, MethodInfo method, IReadOnlyList<object?> arguments, string? queue)
    {
        Type = type;
        Method = method;
        Arguments = arguments;
        Queue = queue;
    }

    /// <summary>The type that the method is called on; an interface or an abstract class is resolved by the worker's container.</summary>
    public Type Type { get; }

    /// <summary>The method.</summary>
    public MethodInfo Method { get; }

    /// <summary>The arguments, one for each parameter.</summary>
    public IReadOnlyList<object?> Arguments { get; }

    /// <summary>The queue that the call itself carries; null for the default queue.</summary>
    public string? Queue { get; }

    /// <summary>A call of a static method, or of a method of an instance at hand (whose type is what counts: a new instance
    /// is made to run it), such as <c>() =&gt; Reports.Build(2026)</c>.</summary>
    /// <exception cref="ArgumentException">The expression is no such call, or the method cannot run later; the message says why.</exception>
    public static JobCall Of(Expression<Action> call) => CallExpression.Read(call, null);

    /// <inheritdoc cref="Of(Expression{Action})"/>
    public static JobCall Of(Expression<Func<Task>> call) => CallExpression.Read(call, null);

    /// <summary>A call of a method of <typeparamref name="T"/>, such as <c>x =&gt; x.Send(42)</c>.</summary>
    /// <exception cref="ArgumentException">The expression is no such call, or the method cannot run later; the message says why.</exception>
    public static JobCall Of<T>(Expression<Action<T>> call) => CallExpression.Read(call, typeof(T));

    /// <inheritdoc cref="Of{T}(Expression{Action{T}})"/>
    public static JobCall Of<T>(Expression<Func<T, Task>> call) => CallExpression.Read(call, typeof(T));

    /// <summary>A call of any method, for callers that have it by reflection.</summary>
    /// <exception cref="ArgumentException">The method cannot run later, or the arguments do not fit; the message says why.</exception>
    public static JobCall Of(Type type, MethodInfo method, params IReadOnlyList<object?> arguments)
    {
        ArgumentNullException.ThrowIfNull(type);
        ArgumentNullException.ThrowIfNull(method);
        ArgumentNullException.ThrowIfNull(arguments);
        CallRules.Check(type, method, arguments);
        return new(type, method, arguments, null);
    }

    /// <summary>The same call, carrying a queue of its own: its retries go there too.</summary>
    /// <exception cref="ArgumentException">It is not a queue name.</exception>
    public JobCall OnQueue(string queue) => new(Type, Method, Arguments, QueueName.Require(queue));

    /// <summary>The call as a person reads it, such as <c>Reports.Build</c>.</summary>
    public override string ToString() => $"{Type.Name}.{Method.Name}";
}
