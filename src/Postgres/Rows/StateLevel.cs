using System.Globalization;
using System.Text.Json.Nodes;

namespace JobRunner.Postgres;

/// <summary>State data as Hangfire's compatibility level 110 writes it: dates as text, options by their names. Everywhere
/// else in JobRunner the data has the form of level 180, which readers of either form understand.</summary>
static class StateLevel
{
    // Hangfire wrote this then, and never read it.
    const string AwaitingExpiration = "365.00:00:00";

    static readonly string[] _dates = ["EnqueuedAt", "EnqueueAt", "ScheduledAt", "StartedAt", "SucceededAt", "FailedAt", "DeletedAt"];
    static readonly string[] _options = ["OnAnyFinishedState", "OnlyOnSucceededState", "OnlyOnDeletedState"];

    public static IReadOnlyDictionary<string, string> At(CompatibilityLevel level, JobState state)
    {
        if (level != CompatibilityLevel.V110)
            return state.Data;
        var data = state.Data.ToDictionary(pair => pair.Key, pair => ToText(pair.Key, pair.Value), StringComparer.Ordinal);
        if (state.Name == JobStates.Awaiting)
            data.TryAdd("Expiration", AwaitingExpiration);
        return data;
    }

    static string ToText(string key, string value) => key switch
    {
        "Options" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var option) && option < _options.Length =>
            _options[option],
        "NextState" => WithReason(value),
        _ when _dates.Contains(key) && HangfireTime.TryParse(value, out var instant) =>
            instant.UtcDateTime.ToString("O", CultureInfo.InvariantCulture),
        _ => value,
    };

    // Members without a value were written then, too.
    static string WithReason(string state)
    {
        if (JsonNode.Parse(state) is not JsonObject json)
            return state;
        json.TryAdd("Reason", null);
        return json.ToJsonString();
    }
}
