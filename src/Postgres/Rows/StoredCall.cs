using System.Collections.Frozen;
using Npgsql;

namespace JobRunner.Postgres;

/// <summary>A job's call and parameters as they are stored.</summary>
static class StoredCall
{
    /// <summary>The call, or why it cannot be read.</summary>
    public static (Invocation? Invocation, string? Error) Read(string invocationData, string? arguments)
    {
        try
        {
            return (Invocation.Parse(invocationData, arguments), null);
        }
        catch (FormatException e)
        {
            return (null, e.Message);
        }
    }

    /// <summary>Two arrays, of names and of values. Nothing forbids a name twice: then the row that came last counts.</summary>
    /// <param name="reader">At the row.</param>
    /// <param name="column">The names; the values follow.</param>
    /// <param name="last">Those of the row before, which often has the same; null for none.</param>
    public static IReadOnlyDictionary<string, string?> ReadParameters(
        NpgsqlDataReader reader, int column, IReadOnlyDictionary<string, string?>? last = null)
    {
        if (reader.IsDBNull(column))
            return FrozenDictionary<string, string?>.Empty;
        var names = reader.GetFieldValue<string[]>(column);
        var values = reader.GetFieldValue<string?[]>(column + 1);
        if (last?.Count == names.Length && names.Zip(values).All(pair => last.TryGetValue(pair.First, out var value) && value == pair.Second))
            return last;
        var parameters = new Dictionary<string, string?>(names.Length, StringComparer.Ordinal);
        for (var i = 0; i < names.Length; i++)
            parameters[names[i]] = values[i];
        return parameters;
    }
}
