using System.ComponentModel;
using System.Globalization;
using System.Reflection;
using System.Text;
using Newtonsoft.Json;

namespace JobRunner;

/// <summary>
/// Arguments and results as JSON, by Newtonsoft.Json because Hangfire's clients write with it. The default is what
/// Hangfire calls its recommended settings; an application that gave Hangfire settings of its own gives us the same.
/// </summary>
public sealed class ArgumentSerializer
{
    // More than any store keeps of a result, so that one which is a little too long can be told with its length.
    const int MaxLength = 100_000_000;

    // Rows of both levels must be readable at either, and the recommended settings read what the plain ones write.
    readonly JsonSerializerSettings _reading;
    readonly JsonSerializerSettings _writing;
    readonly CompatibilityLevel _level;

    /// <summary>Creates one.</summary>
    /// <param name="types">The types that <c>$type</c> may name.</param>
    /// <param name="settings">The application's settings, or null for Hangfire's recommended ones. A serialization binder in
    /// them is kept; without one, <c>$type</c> is restricted to allowed types.</param>
    /// <param name="level">The form in which calls are written.</param>
    public ArgumentSerializer(TypeResolver types, JsonSerializerSettings? settings = null, CompatibilityLevel level = CompatibilityLevel.V180)
    {
        _level = level;
        _reading = settings is null ? Recommended() : new JsonSerializerSettings(settings);
        _reading.MaxDepth = Math.Min(_reading.MaxDepth ?? DeepStack.Deepest, DeepStack.Deepest);
        _reading.SerializationBinder ??= new AllowedTypesBinder(types);
        _writing = settings is null && level == CompatibilityLevel.V110 ? new JsonSerializerSettings() : _reading;
    }

    /// <summary>Hangfire's recommended settings, as a fresh object to change.</summary>
    public static JsonSerializerSettings Recommended() => new()
    {
        TypeNameHandling = TypeNameHandling.Auto,
        TypeNameAssemblyFormatHandling = TypeNameAssemblyFormatHandling.Simple,
        NullValueHandling = NullValueHandling.Ignore,
        DefaultValueHandling = DefaultValueHandling.IgnoreAndPopulate,
        MaxDepth = 128,
    };

    /// <summary>The call as it is stored.</summary>
    /// <exception cref="ArgumentException">An argument cannot be serialized; the message names it.</exception>
    public Invocation ToInvocation(JobCall call)
    {
        ArgumentNullException.ThrowIfNull(call);
        var parameters = call.Method.GetParameters();
        var names = new string[parameters.Length];
        var arguments = new string?[parameters.Length];
        for (var i = 0; i < parameters.Length; i++)
        {
            var type = parameters[i].ParameterType;
            names[i] = NameOf(type);
            try
            {
                arguments[i] = JobMethod.IsSubstituted(type) ? null : WriteArgument(call.Arguments[i], type);
            }
            catch (JsonException e)
            {
                throw new ArgumentException($"{call}: argument '{parameters[i].Name}' cannot be written as JSON: {e.Message}", e);
            }
        }

        return new Invocation(NameOf(call.Type), call.Method.Name, names, arguments, call.Queue);
    }

    /// <summary>A result as JSON; null for null.</summary>
    /// <exception cref="JsonException">It cannot be serialized.</exception>
    public string? WriteResult(object? result) => Write(result, typeof(object));

    /// <summary>A value as JSON, given the type that its reader will expect; null for null.</summary>
    /// <exception cref="JsonException">It cannot be serialized.</exception>
    public string? Write(object? value, Type declared)
    {
        if (value is null)
            return null;
        try
        {
            return Write(value, declared, Math.Min(MaxDepth, DeepStack.Shallow));
        }
        catch (TooDeepException) when (MaxDepth > DeepStack.Shallow)
        {
            return DeepStack.Run(() => Write(value, declared, MaxDepth));
        }
    }

    string Write(object value, Type declared, int maxDepth)
    {
        var serializer = JsonSerializer.CreateDefault(_writing);
        var text = new StringBuilder(256);
        using var json = new BoundedJsonWriter(new BoundedTextWriter(text, MaxLength), maxDepth);
        json.Formatting = serializer.Formatting;
        serializer.Serialize(json, value, declared);
        json.Flush();
        return HalfCharacters.Mend(text.ToString());
    }

    int MaxDepth => _reading.MaxDepth!.Value;

    string NameOf(Type type) => _level == CompatibilityLevel.V110 ? type.AssemblyQualifiedName! : TypeNames.Write(type);

    // A date was not yet JSON then, but its bare text.
    string? WriteArgument(object? value, Type declared) => _level == CompatibilityLevel.V110 && value is DateTime date
        ? date.ToString("O", CultureInfo.InvariantCulture)
        : Write(value, declared);

    /// <summary>Reads a stored value. Older clients wrote dates and some other values as bare text instead of JSON; like
    /// Hangfire we try that next.</summary>
    /// <exception cref="JobLoadException">It cannot be read as that type.</exception>
    public object? Read(string? json, Type declared)
    {
        if (json is null)
            return declared.IsValueType ? Activator.CreateInstance(declared) : null;
        try
        {
            return DeepStack.DepthOf(json, MaxDepth) <= DeepStack.Shallow
                ? JsonConvert.DeserializeObject(json, declared, _reading)
                : DeepStack.Run(() => JsonConvert.DeserializeObject(json, declared, _reading));
        }
        catch (Exception e) when (e is JsonException or JobLoadException or FormatException or ArgumentException or OverflowException or InvalidCastException)
        {
            return TryReadBare(json, declared, out var value)
                ? value
                : throw new JobLoadException($"{Cut(json)} cannot be read as {declared.FullName}: {e.Message}", e);
        }
    }

    /// <summary>Reads all arguments of a call; those that are given only when it runs are null.</summary>
    /// <exception cref="JobLoadException">One cannot be read, or there are too few or too many.</exception>
    public object?[] ReadAll(JobMethod method, Invocation invocation)
    {
        ArgumentNullException.ThrowIfNull(method);
        ArgumentNullException.ThrowIfNull(invocation);
        if (invocation.Arguments.Count != method.Parameters.Count)
            throw new JobLoadException(
                $"{invocation.DisplayName} takes {method.Parameters.Count} arguments, and {invocation.Arguments.Count} are stored.");
        var values = new object?[method.Parameters.Count];
        for (var i = 0; i < values.Length; i++)
            values[i] = JobMethod.IsSubstituted(method.Parameters[i].ParameterType) ? null : Read(invocation, method.Parameters[i], i);
        return values;
    }

    object? Read(Invocation invocation, ParameterInfo parameter, int i)
    {
        try
        {
            return Read(invocation.Arguments[i], parameter.ParameterType);
        }
        catch (JobLoadException e)
        {
            throw new JobLoadException($"Argument '{parameter.Name}' of {invocation.DisplayName}: {e.Message}", e);
        }
    }

    static bool TryReadBare(string text, Type declared, out object? value)
    {
        value = null;
        if (text.StartsWith('{') || text.StartsWith('['))
            return false;
        if (declared == typeof(object))
            value = text;
        else if (Nullable.GetUnderlyingType(declared) is { } inner)
            return TryReadBare(text, inner, out value);
        else if (declared == typeof(DateTime))
            value = DateTime.TryParseExact(text, "MM/dd/yyyy HH:mm:ss.ffff", CultureInfo.InvariantCulture, DateTimeStyles.None, out var old) ? old
                : DateTime.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var date) ? date : null;
        else
            value = Convert(text, declared);
        return value is not null;
    }

    static object? Convert(string text, Type declared)
    {
        try
        {
            var converter = TypeDescriptor.GetConverter(declared);
            return converter.CanConvertFrom(typeof(string)) ? converter.ConvertFromInvariantString(text) : null;
        }
        catch (Exception e) when (e is FormatException or ArgumentException or NotSupportedException or OverflowException)
        {
            return null; // the caller tells the JSON error, which says more
        }
    }

    static string Cut(string json) => json.Length > 200 ? json[..200] + "…" : json;
}
