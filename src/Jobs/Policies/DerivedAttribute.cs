using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Runtime.Loader;

namespace JobRunner;

/// <summary>
/// An attribute whose type derives from one that we look for. The base type's assembly need not be there, so neither can be loaded: both
/// the way to the base and what its constructor gets are read from the file of the assembly that has the derived one.
/// </summary>
static class DerivedAttribute
{
    const int DeepestBase = 8;

    /// <summary>What the attribute amounts to for its base; null when it does not derive from that, or its assembly has no file.</summary>
    /// <param name="metadata">The metadata in which it is written.</param>
    /// <param name="written">The attribute as it is written.</param>
    /// <param name="constructor">Its constructor.</param>
    /// <param name="user">The assembly that uses it.</param>
    /// <param name="baseType">The full name of the type that it must derive from.</param>
    public static DeclaredAttribute? Read(
        MetadataReader metadata, EntityHandle constructor, Func<DeclaredAttribute?> written, Assembly user, string baseType)
    {
        try
        {
            return Follow(metadata, constructor, written, user, baseType, DeepestBase);
        }
        catch (Exception e) when (e is IOException or BadImageFormatException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    static DeclaredAttribute? Follow(
        MetadataReader metadata, EntityHandle constructor, Func<DeclaredAttribute?> written, Assembly assembly, string baseType, int depth)
    {
        if (depth == 0 || Home(metadata, constructor, assembly) is not { Location.Length: > 0 } home)
            return null;
        using var file = new PEReader(File.OpenRead(home.Location));
        var own = file.GetMetadataReader();
        if (Definition(metadata, constructor, own) is not { } definition)
            return null;
        var parent = own.GetTypeDefinition(definition.GetDeclaringType()).BaseType;
        var parentName = AttributeMetadata.NameOf(own, parent);
        if (parentName is null or "System.Attribute" || written() is not { } given)
            return null;

        var code = new ConstructorReader(own, given.Arguments);
        if (definition.RelativeVirtualAddress != 0)
            code.Read(file.GetMethodBody(definition.RelativeVirtualAddress).GetILReader());
        // What is said where the attribute is used comes after its constructor.
        var named = code.Properties.Concat(given.Named).GroupBy(pair => pair.Key).ToDictionary(pair => pair.Key, pair => pair.Last().Value);
        var asBase = new DeclaredAttribute(parentName, code.BaseArguments ?? [], named);
        return parentName == baseType ? asBase
            : code.BaseArguments is null ? null
            : Follow(own, code.BaseConstructor, () => asBase, home, baseType, depth - 1);
    }

    /// <summary>The assembly that has the constructor's type, if it can be had.</summary>
    static Assembly? Home(MetadataReader metadata, EntityHandle constructor, Assembly assembly)
    {
        if (constructor.Kind == HandleKind.MethodDefinition)
            return assembly;
        if (metadata.GetMemberReference((MemberReferenceHandle)constructor).Parent is not { Kind: HandleKind.TypeReference } parent
            || metadata.GetTypeReference((TypeReferenceHandle)parent).ResolutionScope is not { Kind: HandleKind.AssemblyReference } scope)
            return null;
        var name = metadata.GetString(metadata.GetAssemblyReference((AssemblyReferenceHandle)scope).Name);
        if (name.StartsWith("System.", StringComparison.Ordinal) || name is "mscorlib" or "netstandard" or "JobRunner.Jobs")
            return null;
        try
        {
            return (AssemblyLoadContext.GetLoadContext(assembly) ?? AssemblyLoadContext.Default).LoadFromAssemblyName(new AssemblyName(name));
        }
        catch (Exception e) when (e is IOException or BadImageFormatException)
        {
            return null;
        }
    }

    static MethodDefinition? Definition(MetadataReader metadata, EntityHandle constructor, MetadataReader own)
    {
        if (constructor.Kind == HandleKind.MethodDefinition)
            return own.GetMethodDefinition((MethodDefinitionHandle)constructor);
        var reference = metadata.GetMemberReference((MemberReferenceHandle)constructor);
        var name = AttributeMetadata.NameOf(metadata, reference.Parent);
        var parameters = ConstructorReader.ParameterCount(metadata, reference.Signature);
        return own.TypeDefinitions.Where(type => AttributeMetadata.NameOf(own, type) == name)
            .SelectMany(type => own.GetTypeDefinition(type).GetMethods()).Select(own.GetMethodDefinition).Cast<MethodDefinition?>()
            .FirstOrDefault(method => own.GetString(method!.Value.Name) == ".ctor" && ConstructorReader.ParameterCount(own, method.Value.Signature) == parameters);
    }
}
