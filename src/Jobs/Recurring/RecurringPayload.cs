using Newtonsoft.Json;
using Newtonsoft.Json.Linq;

namespace JobRunner;

/// <summary>
/// Field <c>Job</c> of a recurring job: the call in one text. Since Hangfire's data compatibility level 170 that has short
/// names, and leaves out what is empty; older clients write the names of column <c>invocationdata</c>. Both are read.
/// </summary>
static class RecurringPayload
{
    public static string Write(Invocation call, CompatibilityLevel level)
    {
        if (level == CompatibilityLevel.V110)
            return call.ToInvocationData();
        var payload = new JObject { ["t"] = call.Type, ["m"] = call.Method };
        if (call.ParameterTypes.Count > 0)
            payload["p"] = new JArray(call.ParameterTypes);
        if (call.Arguments.Count > 0)
            payload["a"] = new JArray(call.Arguments);
        if (call.Queue is not null)
            payload["q"] = call.Queue;
        return payload.ToString(Formatting.None);
    }

    /// <exception cref="FormatException">It is neither; the message says what is wrong.</exception>
    public static Invocation Read(string? payload)
    {
        if (payload is null)
            throw new FormatException("Field Job of the recurring job is empty; it must hold the call.");
        try
        {
            var call = ReadShort(payload) ?? Invocation.Parse(payload, null);
            return Storable(call) ? call : throw new FormatException("it has a character that no database can hold.");
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidCastException)
        {
            throw new FormatException($"Field Job of the recurring job cannot be read: {e.Message}", e);
        }
    }

    static Invocation? ReadShort(string payload)
    {
        using var reader = new JsonTextReader(new StringReader(payload)) { DateParseHandling = DateParseHandling.None };
        var json = JObject.Load(reader);
        return json["t"] is null
            ? null
            : new Invocation(Text(json["t"], "t")!, Text(json["m"], "m") ?? throw new FormatException("it has no 'm', the method."),
                [.. Texts(json["p"], "p").Select(name => name ?? "")], [.. Texts(json["a"], "a")], Text(json["q"], "q"));
    }

    static IEnumerable<string?> Texts(JToken? array, string name) => array switch
    {
        null or { Type: JTokenType.Null } => [],
        JArray items => items.Select(item => Text(item, name)),
        _ => throw new FormatException($"its '{name}' is not an array."),
    };

    static string? Text(JToken? token, string name) => token switch
    {
        null or { Type: JTokenType.Null } => null,
        { Type: JTokenType.String } => (string?)token,
        _ => throw new FormatException($"its '{name}' has a {token.Type} where a string belongs."),
    };

    // JSON can name characters that a row of table job cannot have; one such job must not keep others from being enqueued.
    static bool Storable(Invocation call) =>
        call.ParameterTypes.Concat(call.Arguments).Append(call.Type).Append(call.Method).Append(call.Queue)
            .All(text => text is null || (!text.Contains('\0', StringComparison.Ordinal) && !HalfCharacters.IsIn(text)));
}
