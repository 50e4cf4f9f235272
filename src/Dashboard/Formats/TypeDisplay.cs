using System.Text;

namespace JobRunner.Dashboard.Formats;

/// <summary>The stored name of a type, written as C# would: no namespaces, no assemblies, angle brackets. The names come from
/// the database, so anything that is no name is shown as it is.</summary>
static class TypeDisplay
{
    const int MaxDepth = 8;

    public static string Short(string stored)
    {
        var text = new StringBuilder(stored.Length);
        var position = 0;
        return TryWrite(stored, ref position, text, 0) ? text.ToString() : stored;
    }

    /// <summary>The namespace, or null when the name has none.</summary>
    public static string? Namespace(string stored)
    {
        var name = stored.AsSpan();
        if (name.IndexOfAny("[,+") is >= 0 and var end)
            name = name[..end];
        var dot = name.LastIndexOf('.');
        return dot > 0 ? name[..dot].ToString() : null;
    }

    static bool TryWrite(string stored, ref int position, StringBuilder text, int depth)
    {
        var length = stored.AsSpan(position).IndexOfAny("[],");
        var name = stored.AsSpan(position, length < 0 ? stored.Length - position : length).Trim();
        if (name.IsEmpty || depth > MaxDepth)
            return false;
        position += length < 0 ? stored.Length - position : length;
        var isNullable = name is "System.Nullable`1";
        if (!isNullable)
            text.Append(Simple(name));
        while (position < stored.Length && stored[position] == '[')
        {
            if (position + 1 < stored.Length && stored[position + 1] == '[')
            {
                if (!TryWriteArguments(stored, ref position, text, isNullable, depth))
                    return false;
            }
            else
            {
                var end = stored.IndexOf(']', position);
                if (end < 0)
                    return false;
                text.Append(stored, position, end - position + 1);
                position = end + 1;
            }
        }

        return true;
    }

    static bool TryWriteArguments(string stored, ref int position, StringBuilder text, bool isNullable, int depth)
    {
        text.Append(isNullable ? "" : "<");
        do
        {
            position += 2;
            if (!TryWrite(stored, ref position, text, depth + 1))
                return false;
            var end = stored.IndexOf(']', position);
            if (end < 0 || end + 1 >= stored.Length)
                return false;
            position = end + 1;
            if (stored[position] == ',')
                text.Append(", ");
        }
        while (stored[position] == ',' && position + 1 < stored.Length);

        text.Append(isNullable ? '?' : '>');
        return stored[position++] == ']';
    }

    static ReadOnlySpan<char> Simple(ReadOnlySpan<char> name)
    {
        if (name.IndexOf('`') is > 0 and var arity)
            name = name[..arity];
        return name switch
        {
            "System.String" => "string",
            "System.Object" => "object",
            "System.Boolean" => "bool",
            "System.Byte" => "byte",
            "System.Char" => "char",
            "System.Int16" => "short",
            "System.Int32" => "int",
            "System.Int64" => "long",
            "System.Single" => "float",
            "System.Double" => "double",
            "System.Decimal" => "decimal",
            _ => name[(name.LastIndexOfAny('.', '+') + 1)..],
        };
    }
}
