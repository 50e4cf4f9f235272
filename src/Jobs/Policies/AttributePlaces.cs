using System.Reflection;

namespace JobRunner;

/// <summary>Where the attributes of a job can stand, nearest first: on its method, on its type, on an interface of its type.</summary>
sealed class AttributePlaces
{
    readonly MemberInfo[] _method;
    readonly MemberInfo[] _all;

    public AttributePlaces(Type type, MethodInfo method)
    {
        _method = [.. WithOverridden(method)];
        _all = [.. _method, .. WithBases(type), .. type.GetInterfaces()];
    }

    public DeclaredAttribute? OnMethod(string attributeType) => First(_method, [attributeType]);

    /// <summary>The nearest attribute of any of the given types; at the same place the first type wins.</summary>
    public DeclaredAttribute? Nearest(params IReadOnlyList<string> attributeTypes) => First(_all, attributeTypes);

    static DeclaredAttribute? First(MemberInfo[] places, IReadOnlyList<string> attributeTypes) =>
        places.SelectMany(_ => attributeTypes, AttributeMetadata.Find).FirstOrDefault(attribute => attribute is not null);

    static IEnumerable<MethodInfo> WithOverridden(MethodInfo method)
    {
        yield return method;
        if (!method.IsVirtual)
            yield break;
        var root = method.GetBaseDefinition();
        foreach (var type in WithBases(method.DeclaringType!.BaseType))
        {
            const BindingFlags declared = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
            if (type.GetMethods(declared).FirstOrDefault(own => own.IsVirtual && own.GetBaseDefinition() == root) is { } overridden)
                yield return overridden;
        }
    }

    static IEnumerable<Type> WithBases(Type? type)
    {
        for (; type is not null; type = type.BaseType)
            yield return type;
    }
}
