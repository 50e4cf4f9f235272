using System.Collections.Concurrent;
using System.Reflection;

namespace JobRunner;

/// <summary>
/// Finds the method that a stored call names, by Hangfire's rules: by name among all runtime methods (and those of
/// inherited interfaces), by the number and the types of its parameters, generic methods closed by inference.
/// </summary>
public sealed class JobMethods(TypeResolver types)
{
    readonly ConcurrentDictionary<Key, JobMethod> _methods = new();
    readonly ConcurrentDictionary<(Type, MethodInfo), JobMethod> _called = new();

    /// <summary>The types that may be named.</summary>
    public TypeResolver Types => types;

    /// <summary>The method of a stored call.</summary>
    /// <exception cref="JobLoadException">Its type or the method is not there, or not allowed.</exception>
    public JobMethod Find(Invocation invocation)
    {
        ArgumentNullException.ThrowIfNull(invocation);
        return _methods.GetOrAdd(new Key(invocation.Type, invocation.Method, invocation.ParameterTypes), static (key, self) => self.Load(key), this);
    }

    /// <summary>The method of a call at hand; its type need not be allowed here.</summary>
    public JobMethod Of(JobCall call)
    {
        ArgumentNullException.ThrowIfNull(call);
        return _called.GetOrAdd((call.Type, call.Method), static key => new JobMethod(key.Item1, key.Item2));
    }

    JobMethod Load(Key key)
    {
        try
        {
            return Search(key);
        }
        catch (Exception e) when (e is not JobLoadException)
        {
            // What the runtime says of a type argument that its generic type does not allow, of an assembly that is not there, of a
            // type that is in another version than its user was built with: all sorts of exceptions.
            throw new JobLoadException($"Method {key.Method} of {key.Type} cannot be loaded: {e.GetType().FullName}: {e.Message}", e);
        }
    }

    JobMethod Search(Key key)
    {
        var type = types.JobType(key.Type);
        // By name, before the types are looked for: Hangfire need not be there.
        if (key.ParameterTypes.FirstOrDefault(stored => JobMethod.IsHangfires(stored.Split(',')[0])) is { } hangfires)
            throw new JobLoadException(
                $"{type.Name}.{key.Method} takes Hangfire's {hangfires.Split(',')[0].Split('.')[^1]}, which only Hangfire's server can give. " +
                "Take a CancellationToken or JobRunner's IJobContext instead.");
        var parameters = key.ParameterTypes.Select(types.DataType).ToArray();
        var method = Candidates(type)
            .Where(candidate => candidate.Name.AsSpan(candidate.Name.LastIndexOf('.') + 1).SequenceEqual(key.Method.AsSpan(key.Method.LastIndexOf('.') + 1)))
            .Select(candidate => Close(candidate, parameters))
            .FirstOrDefault(candidate => candidate is not null && Fits(candidate, parameters))
            ?? throw new JobLoadException(
                $"Type {type.FullName} has no public method {key.Method}({string.Join(", ", parameters.Select(p => p.Name))}). " +
                "Was it renamed, or did its parameters change after the job was enqueued?");
        return new JobMethod(type, method);
    }

    static IEnumerable<MethodInfo> Candidates(Type type)
    {
        var methods = type.GetRuntimeMethods();
        if (type.IsInterface)
            methods = methods.Concat(type.GetInterfaces().SelectMany(parent => parent.GetRuntimeMethods()));
        return methods.Where(method => method.IsPublic || method.Name.Contains('.', StringComparison.Ordinal));
    }

    static bool Fits(MethodInfo method, Type[] parameters)
    {
        var own = method.GetParameters();
        return own.Length == parameters.Length && own.Zip(parameters, (mine, stored) =>
            mine.ParameterType == stored || (mine.ParameterType != typeof(object) && mine.ParameterType.IsAssignableFrom(stored))).All(fits => fits);
    }

    static MethodInfo? Close(MethodInfo method, Type[] stored)
    {
        if (!method.IsGenericMethodDefinition)
            return method;
        var parameters = method.GetParameters();
        if (parameters.Length != stored.Length)
            return null;
        var found = new Dictionary<Type, Type>();
        for (var i = 0; i < stored.Length; i++)
            Infer(parameters[i].ParameterType, stored[i], found);
        var arguments = method.GetGenericArguments();
        if (!arguments.All(found.ContainsKey))
            return null;
        try
        {
            return method.MakeGenericMethod([.. arguments.Select(argument => found[argument])]);
        }
        catch (ArgumentException)
        {
            return null; // a constraint is not met: not the overload that was called
        }
    }

    static void Infer(Type declared, Type stored, Dictionary<Type, Type> found)
    {
        if (declared.IsGenericMethodParameter)
            found.TryAdd(declared, stored);
        else if (declared.IsArray && stored.IsArray)
            Infer(declared.GetElementType()!, stored.GetElementType()!, found);
        else if (declared.IsGenericType && stored.IsGenericType && declared.GetGenericTypeDefinition() == stored.GetGenericTypeDefinition())
            foreach (var (mine, theirs) in declared.GetGenericArguments().Zip(stored.GetGenericArguments()))
                Infer(mine, theirs, found);
    }

    readonly record struct Key(string Type, string Method, IReadOnlyList<string> ParameterTypes)
    {
        public bool Equals(Key other) =>
            Type == other.Type && Method == other.Method && ParameterTypes.SequenceEqual(other.ParameterTypes);

        public override int GetHashCode()
        {
            var hash = default(HashCode);
            hash.Add(Type);
            hash.Add(Method);
            foreach (var name in ParameterTypes)
                hash.Add(name);
            return hash.ToHashCode();
        }
    }
}
