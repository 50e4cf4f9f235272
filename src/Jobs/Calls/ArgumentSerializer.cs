using System.ComponentModel;
using System.Globalization;
using Newtonsoft.Json;

namespace JobRunner;

/// <summary>
/// Arguments and results as JSON, by Newtonsoft.Json because Hangfire's clients write with it. The default is what
/// Hangfire calls its recommended settings; an application that gave Hangfire settings of its own gives us the same.
/// </summary>
public sealed class ArgumentSerializer
{
    readonly JsonSerializerSettings _settings;

    /// <summary>Creates one.</summary>
    /// <param name="types">The types that <c>$type</c> may name.</param>
    /// <param name="settings">The application's settings, or null for Hangfire's recommended ones. A serialization binder in
    /// them is kept; without one, <c>$type</c> is restricted to allowed types.</param>
    public ArgumentSerializer(TypeResolver types, JsonSerializerSettings? settings = null)
    {
        _settings = settings is null ? Recommended() : new JsonSerializerSettings(settings);
        _settings.SerializationBinder ??= new AllowedTypesBinder(types);
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
            names[i] = TypeNames.Write(type);
            try
            {
                arguments[i] = JobMethod.IsSubstituted(type) ? null : Write(call.Arguments[i], type);
            }
            catch (JsonException e)
            {
                throw new ArgumentException($"{call}: argument '{parameters[i].Name}' cannot be written as JSON: {e.Message}", e);
            }
        }

        return new Invocation(TypeNames.Write(call.Type), call.Method.Name, names, arguments, call.Queue);
    }

    /// <summary>A result as JSON; null for null.</summary>
    /// <exception cref="JsonException">It cannot be serialized.</exception>
    public string? WriteResult(object? result) => Write(result, typeof(object));

    /// <summary>A value as JSON, given the type that its reader will expect; null for null.</summary>
    /// <exception cref="JsonException">It cannot be serialized.</exception>
    public string? Write(object? value, Type declared) => value is null ? null : JsonConvert.SerializeObject(value, declared, _settings);

    /// <summary>Reads a stored value. Older clients wrote dates and some other values as bare text instead of JSON; like
    /// Hangfire we try that next.</summary>
    /// <exception cref="JobLoadException">It cannot be read as that type.</exception>
    public object? Read(string? json, Type declared)
    {
        if (json is null)
            return declared.IsValueType ? Activator.CreateInstance(declared) : null;
        try
        {
            return JsonConvert.DeserializeObject(json, declared, _settings);
        }
        catch (Exception e) when (e is JsonException or JobLoadException)
        {
            return TryReadBare(json, declared, out var value)
                ? value
                : throw new JobLoadException($"{Cut(json)} cannot be read as {declared.FullName}: {e.Message}", e);
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
