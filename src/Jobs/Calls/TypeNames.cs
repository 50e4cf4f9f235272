using System.Runtime.CompilerServices;
using System.Text;

namespace JobRunner;

/// <summary>
/// Names of types in the form of Hangfire's simple type serializer: full name and short assembly name, no assembly for
/// primitives, string and object, the .NET Framework's assembly name where .NET forwards a type.
/// </summary>
public static class TypeNames
{
    // Each enqueue asks for a few of them, and they are slow to make.
    static readonly ConditionalWeakTable<Type, string> _names = [];

    /// <summary>The name under which a type is stored.</summary>
    public static string Write(Type type) => _names.GetValue(type, static type =>
    {
        var text = new StringBuilder();
        Write(text, type);
        return text.ToString();
    });

    static void Write(StringBuilder text, Type type)
    {
        WriteWithoutAssembly(text, type);
        if (!type.IsPrimitive && type != typeof(string) && type != typeof(object))
            text.Append(", ").Append(AssemblyName(type));
    }

    static void WriteWithoutAssembly(StringBuilder text, Type type)
    {
        if (type.IsArray)
        {
            WriteWithoutAssembly(text, type.GetElementType()!);
            text.Append('[').Append(',', type.GetArrayRank() - 1).Append(']');
            return;
        }

        var definition = type.IsConstructedGenericType ? type.GetGenericTypeDefinition() : type;
        text.Append(definition.FullName ?? definition.Name);
        if (!type.IsConstructedGenericType)
            return;

        text.Append('[');
        foreach (var (i, argument) in type.GetGenericArguments().Index())
        {
            text.Append(i == 0 ? "[" : ",[");
            Write(text, argument);
            text.Append(']');
        }

        text.Append(']');
    }

    static string AssemblyName(Type type)
    {
        while (type.IsArray)
            type = type.GetElementType()!;
        if (type.IsConstructedGenericType)
            type = type.GetGenericTypeDefinition();
        if (AttributeMetadata.Find(type, typeof(TypeForwardedFromAttribute).FullName!) is { Arguments: [string forwarded] })
            return forwarded.Split(',')[0];
        var name = type.Assembly.GetName().Name!;
        return name is "System.Private.CoreLib" or "System.Console" or "System.Threading.Thread" ? "mscorlib" : name;
    }
}
