using System.Globalization;

namespace JobRunner;

/// <summary>
/// The job parameter that counts the workers which died under a job: a JSON array with the state row that the job was in
/// each time, oldest first. Whoever rescues a job appends to it; a row that is in it already is not a further death, so a worker
/// that dies before it began the job adds nothing.
/// </summary>
public static class WorkerDeaths
{
    /// <summary>The name of the parameter.</summary>
    public const string Parameter = "WorkerDeaths";

    /// <summary>How many there were: 0 where the parameter is absent or cannot be read.</summary>
    public static int Count(IReadOnlyDictionary<string, string?> parameters)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        return Read(parameters.GetValueOrDefault(Parameter)).Count;
    }

    /// <summary>The parameter with one more death.</summary>
    /// <returns>Null when that row has been counted.</returns>
    public static string? Add(string? value, long stateId)
    {
        var ids = Read(value);
        return ids.Contains(stateId) ? null : Write([.. ids, stateId]);
    }

    /// <summary>The parameter with the last deaths only.</summary>
    public static string Last(string? value, int count) => Write(Read(value).TakeLast(count));

    static string Write(IEnumerable<long> ids) => $"[{string.Join(',', ids)}]";

    static List<long> Read(string? value)
    {
        var ids = new List<long>();
        if (value is not ['[', .. var inner, ']'] || inner.Length == 0)
            return ids;
        foreach (var part in inner.Split(','))
        {
            if (!long.TryParse(part, NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var id))
                return [];
            ids.Add(id);
        }

        return ids;
    }
}
