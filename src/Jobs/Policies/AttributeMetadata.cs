using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Runtime.CompilerServices;

namespace JobRunner;

/// <summary>
/// Reads attributes from metadata. Reflection cannot do it: where one attribute of a member is of an assembly that is not
/// there (Hangfire.Core, in a worker that does without it), it throws whatever attribute was asked for.
/// </summary>
static class AttributeMetadata
{
    static readonly ConditionalWeakTable<Assembly, MetadataReader?> _readers = [];

    /// <summary>The attribute of that name which stands on the member itself, or null. For Hangfire's, also one of a type that derives
    /// from it; ours are sealed.</summary>
    public static DeclaredAttribute? Find(MemberInfo member, string attributeType)
    {
        if (_readers.GetValue(member.Module.Assembly, Open) is not { } reader)
            return null; // made at run time: it has no metadata
        foreach (var handle in reader.GetCustomAttributes(MetadataTokens.EntityHandle(member.MetadataToken)))
        {
            var attribute = reader.GetCustomAttribute(handle);
            if (NameOf(reader, attribute) == attributeType)
                return Read(attributeType, attribute);
            if (attributeType.StartsWith("Hangfire.", StringComparison.Ordinal)
                && DerivedAttribute.Read(reader, attribute.Constructor, () => Read(attributeType, attribute), member.Module.Assembly, attributeType) is { } derived)
                return derived;
        }

        return null;
    }

    static unsafe MetadataReader? Open(Assembly assembly) =>
        assembly.TryGetRawMetadata(out var blob, out var length) ? new MetadataReader(blob, length) : null;

    static string? NameOf(MetadataReader reader, CustomAttribute attribute)
    {
        var type = attribute.Constructor.Kind == HandleKind.MemberReference
            ? reader.GetMemberReference((MemberReferenceHandle)attribute.Constructor).Parent
            : reader.GetMethodDefinition((MethodDefinitionHandle)attribute.Constructor).GetDeclaringType();
        return NameOf(reader, type);
    }

    /// <summary>The full name of a type; null for a generic one: none of ours, none of Hangfire's.</summary>
    public static string? NameOf(MetadataReader reader, EntityHandle type) => type.Kind switch
    {
        HandleKind.TypeReference => FullName(reader, (TypeReferenceHandle)type),
        HandleKind.TypeDefinition => FullName(reader, (TypeDefinitionHandle)type),
        _ => null,
    };

    static DeclaredAttribute? Read(string type, CustomAttribute attribute)
    {
        try
        {
            var value = attribute.DecodeValue(Names.Instance);
            return new(type, [.. value.FixedArguments.Select(argument => Plain(argument.Value))],
                value.NamedArguments.ToDictionary(argument => argument.Name!, argument => Plain(argument.Value)));
        }
        catch (BadImageFormatException)
        {
            return null; // it has an argument of a form that we do not know
        }
    }

    static object? Plain(object? value) =>
        value is IEnumerable<CustomAttributeTypedArgument<string>> items ? items.Select(item => Plain(item.Value)).ToArray() : value;

    static string FullName(MetadataReader reader, TypeReferenceHandle handle)
    {
        var type = reader.GetTypeReference(handle);
        return FullName(reader.GetString(type.Namespace), reader.GetString(type.Name));
    }

    static string FullName(MetadataReader reader, TypeDefinitionHandle handle)
    {
        var type = reader.GetTypeDefinition(handle);
        return FullName(reader.GetString(type.Namespace), reader.GetString(type.Name));
    }

    static string FullName(string space, string name) => space.Length == 0 ? name : $"{space}.{name}";

    /// <summary>Types as their names: nothing is loaded.</summary>
    sealed class Names : ICustomAttributeTypeProvider<string>
    {
        public static Names Instance { get; } = new();

        public string GetPrimitiveType(PrimitiveTypeCode typeCode) => typeCode.ToString();

        public string GetSystemType() => "System.Type";

        public string GetSZArrayType(string elementType) => elementType + "[]";

        public string GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind) =>
            FullName(reader, handle);

        public string GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind) => FullName(reader, handle);

        public string GetTypeFromSerializedName(string name) => name;

        // An enumeration's own definition may be in the assembly that is absent; those of the attributes that we read are integers.
        public PrimitiveTypeCode GetUnderlyingEnumType(string type) => PrimitiveTypeCode.Int32;

        public bool IsSystemType(string type) => type == "System.Type";
    }
}
