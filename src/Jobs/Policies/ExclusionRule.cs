using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace JobRunner;

/// <summary>Runs that name the same resource exclude each other, on all workers and Hangfire servers of a store.</summary>
/// <param name="Pattern">The resource, with places for arguments; null for the method itself.</param>
/// <param name="Timeout">How long a job waits for its turn before it fails.</param>
public sealed partial record ExclusionRule(string? Pattern, TimeSpan Timeout)
{
    // Names are in an index, which takes 2,700.
    const int MaxBytes = 2500;

    /// <summary>True when jobs of one method may have different resources.</summary>
    public bool DependsOnArguments => Pattern?.Contains('{', StringComparison.Ordinal) == true;

    /// <summary>The name of the resource, as Hangfire makes it: type and method without namespace and arguments, or the
    /// pattern filled and in lower case.</summary>
    /// <param name="method">The job's method.</param>
    /// <param name="arguments">Gives the call's arguments, if the pattern has places for them.</param>
    /// <exception cref="FormatException">The pattern has places for which there are no arguments, or the name is longer than a store
    /// can lock.</exception>
    public string ResourceOf(JobMethod method, Func<IReadOnlyList<object?>> arguments)
    {
        ArgumentNullException.ThrowIfNull(method);
        var resource = string.IsNullOrWhiteSpace(Pattern)
            ? $"{NameOf(method.Type)}.{method.Method.Name}"
            : JobRunner.Pattern.Fill(Pattern, arguments, CultureInfo.InvariantCulture).ToLowerInvariant();
        return Encoding.UTF8.GetByteCount(resource) is var length and > MaxBytes
            ? throw new FormatException(string.Create(CultureInfo.InvariantCulture, $"The resource of [DisableConcurrentExecution] has a name of {length:N0} bytes; it may have {MaxBytes:N0}."))
            : resource;
    }

    // Such as Repository<Order>.Nested: the type arguments are written where the types that take them are.
    static string NameOf(Type type)
    {
        var definition = type.IsConstructedGenericType ? type.GetGenericTypeDefinition() : type;
        var name = definition.FullName ?? definition.Name;
        if (definition.Namespace is { Length: > 0 } space)
            name = name[(space.Length + 1)..];
        var arguments = new Queue<Type>(type.GetGenericArguments());
        return Arity().Replace(name.Replace('+', '.'), match =>
        {
            var count = int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture);
            return $"<{string.Join(',', Enumerable.Range(0, count).Select(_ => NameOf(arguments.Dequeue())))}>";
        });
    }

    [GeneratedRegex("`([0-9]+)")]
    private static partial Regex Arity();
}
