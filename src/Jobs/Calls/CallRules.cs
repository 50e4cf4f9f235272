using System.Linq.Expressions;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace JobRunner;

/// <summary>Which methods can run later, in another process. Hangfire's rules, with a sentence for each refusal.</summary>
static class CallRules
{
    public static void Check(Type type, MethodInfo method, IReadOnlyList<object?> arguments)
    {
        if (Refusal(type, method) is { } why)
            throw new ArgumentException($"{type.Name}.{method.Name} cannot be a job: {why}");

        var parameters = method.GetParameters();
        if (parameters.Length != arguments.Count)
            throw new ArgumentException(
                $"{type.Name}.{method.Name} takes {parameters.Length} arguments, and {arguments.Count} were given.");
        foreach (var (parameter, argument) in parameters.Zip(arguments))
        {
            if (argument is not null && !parameter.ParameterType.IsInstanceOfType(argument))
                throw new ArgumentException(
                    $"{type.Name}.{method.Name}: parameter '{parameter.Name}' is a {parameter.ParameterType.Name}, and a {argument.GetType().Name} was given.");
        }
    }

    static string? Refusal(Type type, MethodInfo method)
    {
        if (!method.IsPublic)
            return "it is not public, so a worker could not call it. Make it public.";
        if (!type.IsVisible)
            return $"its type {type.FullName} is not public, so a worker could not see it. Make the type, and every type around it, public.";
        if (type.ContainsGenericParameters || method.ContainsGenericParameters)
            return "it is a generic definition. Close it with type arguments first.";
        if (method.DeclaringType is not { } declaring || !declaring.IsAssignableFrom(type))
            return $"{type.Name} has no such method.";
        if (method.ReturnType == typeof(void) && AttributeMetadata.Find(method, typeof(AsyncStateMachineAttribute).FullName!) is not null)
            return "it is 'async void', so nobody could know when it ends. Return a Task.";
        return method.GetParameters().Select(Refusal).FirstOrDefault(why => why is not null);
    }

    static string? Refusal(ParameterInfo parameter)
    {
        var type = parameter.ParameterType;
        if (type.IsByRef)
            return $"parameter '{parameter.Name}' is ref, out or in, and nobody would be there to see what is written to it.";
        if (type.IsPointer || type.IsFunctionPointer || type.IsByRefLike)
            return $"parameter '{parameter.Name}' is a {type.Name}, which points into memory of this process.";
        if (typeof(Delegate).IsAssignableFrom(type) || typeof(Expression).IsAssignableFrom(type))
            return $"parameter '{parameter.Name}' is a {type.Name}, and code cannot be stored as an argument. Pass data instead.";
        return null;
    }
}
