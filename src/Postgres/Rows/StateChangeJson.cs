using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using JobRunner.Storage;

namespace JobRunner.Postgres;

/// <summary>Changes of state as <see cref="StateChangeSql.Apply"/> reads them: a JSON list, sorted by job, because in this order the jobs are locked.</summary>
static class StateChangeJson
{
    static readonly JsonWriterOptions _compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Write(IEnumerable<(int Index, StateChange Change)> changes, CompatibilityLevel level)
    {
        var text = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(text, _compact))
        {
            json.WriteStartArray();
            foreach (var (index, change) in changes.OrderBy(numbered => numbered.Change.JobId))
                Write(json, index, change, level);
            json.WriteEndArray();
        }

        return Encoding.UTF8.GetString(text.WrittenSpan);
    }

    // What is absent is null there.
    static void Write(Utf8JsonWriter json, int index, StateChange change, CompatibilityLevel level)
    {
        var effects = change.Effects;
        json.WriteStartObject();
        json.WriteNumber("ord", index);
        json.WriteNumber("jobid", change.JobId);
        json.WriteNumber("seen", change.SeenStateId);
        if (change.Claim is { } claim)
        {
            json.WriteNumber("queueid", claim.QueueRowId);
            json.WriteNumber("token", claim.Token);
        }

        json.WriteBoolean("ends", change.EndsClaim);
        WriteStates(json, change.States, level);
        json.WriteString("name", change.States[^1].Name);
        if (change.Parameters is { } parameters)
        {
            json.WritePropertyName("parameters");
            json.WriteRawValue(StateData.WriteUtf8(parameters), skipInputValidation: true);
        }

        json.WriteBoolean("final", effects.IsFinal);
        if (change.Retention is { } retention)
            json.WriteString("retention", string.Create(CultureInfo.InvariantCulture, $"{retention.TotalSeconds:0.###} seconds"));
        WriteText(json, "queue", effects.EnqueueTo);
        if (effects.ScheduleScore is { } score)
            json.WriteNumber("score", score);
        json.WriteString("entry", StoredText.Clean(StateEffects.ScheduleEntry(change.JobId, change.OwnQueue)));

        // A job that goes from one schedule to another keeps its entry, with another score.
        json.WriteBoolean("leavesschedule", effects is { LeavesSchedule: true, ScheduleScore: null });
        json.WriteBoolean("addsretry", effects.AddsRetry);
        json.WriteBoolean("leavesretries", effects.LeavesRetries);
        json.WriteBoolean("leavesawaiting", effects.LeavesAwaiting);
        WriteText(json, "counted", effects.Counted);
        WriteText(json, "uncounted", effects.Uncounted);
        json.WriteEndObject();
    }

    static void WriteStates(Utf8JsonWriter json, IReadOnlyList<JobState> states, CompatibilityLevel level)
    {
        json.WriteStartArray("states");
        foreach (var state in states)
        {
            json.WriteStartObject();
            json.WriteString("name", state.Name);
            WriteText(json, "reason", state.Reason);
            json.WriteString("at", state.CreatedAt.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture));
            json.WritePropertyName("data");
            json.WriteRawValue(StateData.WriteUtf8(StateLevel.At(level, state)), skipInputValidation: true);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    static void WriteText(Utf8JsonWriter json, string name, string? text)
    {
        if (text is not null)
            json.WriteString(name, StoredText.Clean(text));
    }
}
