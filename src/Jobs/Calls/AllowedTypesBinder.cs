using Newtonsoft.Json;
using Newtonsoft.Json.Serialization;

namespace JobRunner;

/// <summary>
/// What <c>$type</c> inside an argument may name: types of the allowed assemblies, and plain data of the base library.
/// Anything else in there could be a gadget that runs code while it is read.
/// </summary>
sealed class AllowedTypesBinder(TypeResolver types) : ISerializationBinder
{
    static readonly HashSet<Type> _plainData =
    [
        typeof(object), typeof(string), typeof(decimal), typeof(Guid), typeof(Uri), typeof(Version), typeof(DateTime), typeof(DateTimeOffset),
        typeof(DateOnly), typeof(TimeOnly), typeof(TimeSpan), typeof(Nullable<>),
    ];

    public Type BindToType(string? assemblyName, string typeName)
    {
        var full = assemblyName is null ? typeName : $"{typeName}, {assemblyName}";
        var type = types.DataType(full);
        return IsAllowed(type)
            ? type
            : throw new JsonSerializationException($"'{full}' may not be named by $type: it is neither of an allowed assembly nor plain data.");
    }

    public void BindToName(Type serializedType, out string? assemblyName, out string? typeName)
    {
        var name = TypeNames.Write(serializedType);
        var comma = name.LastIndexOf(", ", StringComparison.Ordinal);
        var split = comma >= 0 && name.IndexOf(']', comma) < 0;
        typeName = split ? name[..comma] : name;
        assemblyName = split ? name[(comma + 2)..] : null;
    }

    bool IsAllowed(Type type)
    {
        if (type.IsArray)
            return IsAllowed(type.GetElementType()!);
        if (type.IsConstructedGenericType)
            return IsAllowed(type.GetGenericTypeDefinition()) && type.GetGenericArguments().All(IsAllowed);
        return type.IsPrimitive || _plainData.Contains(type) || types.IsFromJobAssembly(type)
            || type.Namespace?.StartsWith("System.Collections", StringComparison.Ordinal) == true
            || type.FullName?.StartsWith("System.ValueTuple", StringComparison.Ordinal) == true
            || type.FullName?.StartsWith("System.Tuple", StringComparison.Ordinal) == true;
    }
}
