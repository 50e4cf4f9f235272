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
    public static IReadOnlyDictionary<string, string?> ReadParameters(NpgsqlDataReader reader, int column)
    {
        var parameters = new Dictionary<string, string?>(StringComparer.Ordinal);
        if (reader.IsDBNull(column))
            return parameters;
        var names = reader.GetFieldValue<string[]>(column);
        var values = reader.GetFieldValue<string?[]>(column + 1);
        for (var i = 0; i < names.Length; i++)
            parameters[names[i]] = values[i];
        return parameters;
    }
}
