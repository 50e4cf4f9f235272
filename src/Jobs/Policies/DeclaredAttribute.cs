namespace JobRunner;

/// <summary>An attribute as it is written in an assembly's metadata: by name, so that its own assembly need not be there.</summary>
/// <param name="Type">The full name of its type.</param>
/// <param name="Arguments">What its constructor got. Enumerations are numbers, types are their names, arrays are arrays of objects.</param>
/// <param name="Named">Its named properties, in the same form.</param>
sealed record DeclaredAttribute(string Type, IReadOnlyList<object?> Arguments, IReadOnlyDictionary<string, object?> Named)
{
    public T? Get<T>(string name) => Named.GetValueOrDefault(name) is T value ? value : default;

    /// <summary>A list of types, by their full names.</summary>
    public IReadOnlyList<string> TypeNames(string name) =>
        Get<object?[]>(name) is { } types ? [.. types.OfType<string>().Select(type => type.Split(',')[0].Trim())] : [];

    public T ToAttribute<T>() where T : Attribute
    {
        var attribute = (T)Activator.CreateInstance(typeof(T), [.. Arguments])!;
        foreach (var (name, value) in Named)
        {
            if (typeof(T).GetProperty(name) is { CanWrite: true } property)
                property.SetValue(attribute, Convert(value, property.PropertyType));
        }

        return attribute;
    }

    static object? Convert(object? value, Type to)
    {
        to = Nullable.GetUnderlyingType(to) ?? to;
        if (value is object?[] items && to.IsArray)
        {
            var array = Array.CreateInstance(to.GetElementType()!, items.Length);
            for (var i = 0; i < items.Length; i++)
                array.SetValue(Convert(items[i], to.GetElementType()!), i);
            return array;
        }

        if (to.IsEnum && value is not null)
            return Enum.ToObject(to, value);
        return to == typeof(Type) && value is string name ? System.Type.GetType(name, throwOnError: false) : value;
    }
}
