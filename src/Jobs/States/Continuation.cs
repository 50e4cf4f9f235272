using System.Globalization;
using Newtonsoft.Json;
using Newtonsoft.Json.Linq;

namespace JobRunner;

/// <summary>An entry of the parent's job parameter <c>Continuations</c>: who waits for it.</summary>
/// <param name="JobId">The job that waits.</param>
/// <param name="Options">For which end.</param>
public readonly record struct Continuation(long JobId, ContinuationOptions Options)
{
    /// <summary>The name of the job parameter.</summary>
    public const string Parameter = "Continuations";

    /// <summary>The entry of a job in state Awaiting.</summary>
    public static Continuation Of(long jobId, JobState awaiting)
    {
        ArgumentNullException.ThrowIfNull(awaiting);
        return new(jobId, AwaitingState.OptionsOf(awaiting.Data));
    }

    /// <summary>What a store throws when there is no job to continue.</summary>
    public static KeyNotFoundException NoParent(long parentId) =>
        new($"There is no job {parentId} to continue: it never was, or it has expired. Nothing was added.");

    /// <summary>The jobs that a parameter names; entries that name none are passed over, as Hangfire does.</summary>
    public static IEnumerable<long> JobIds(string? parameter)
    {
        JArray entries;
        try
        {
            entries = Parse(parameter);
        }
        catch (FormatException)
        {
            yield break; // whoever waits is found by its own state, too, only later
        }

        foreach (var entry in entries.OfType<JObject>())
        {
            if (long.TryParse(entry["JobId"]?.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var id))
                yield return id;
        }
    }

    /// <summary>The parameter with further entries behind those that are there, which stay as they are.</summary>
    /// <param name="parameters">What is stored. There should be one; Hangfire's tables do not forbid several.</param>
    /// <param name="added">The new entries.</param>
    /// <exception cref="FormatException">What is stored is not a list.</exception>
    public static string Append(IEnumerable<string?> parameters, IEnumerable<Continuation> added)
    {
        var entries = new JArray(parameters.SelectMany(Parse));
        foreach (var continuation in added)
            entries.Add(continuation.ToJson());
        return entries.ToString(Formatting.None);
    }

    // Hangfire leaves out what is 0 since its data compatibility level 170.
    JObject ToJson()
    {
        var entry = new JObject { ["JobId"] = JobId.ToString(CultureInfo.InvariantCulture) };
        if (Options != ContinuationOptions.OnAnyFinishedState)
            entry["Options"] = (int)Options;
        return entry;
    }

    static JArray Parse(string? parameter)
    {
        try
        {
            return parameter is null ? [] : JToken.Parse(parameter) as JArray ?? [];
        }
        catch (JsonException e)
        {
            throw new FormatException($"Job parameter '{Parameter}' is not a list of continuations: {e.Message}", e);
        }
    }
}
