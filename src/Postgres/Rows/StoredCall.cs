using System.Collections.Frozen;
using Npgsql;

namespace JobRunner.Postgres;

/// <summary>A job's call and parameters as they are stored.</summary>
static class StoredCall
{
    /// <summary>Column <c>invocationdata</c>. It repeats the arguments; where they are long they are not read twice, and not at all by who has no
    /// use for them.</summary>
    public const string DataSql = """
        case when pg_column_size(invocationdata) > 2000 and jsonb_typeof(invocationdata) = 'object' then invocationdata - 'Arguments' else invocationdata end
        """;

    /// <summary>The call, or why it cannot be read.</summary>
    /// <param name="reader">The row.</param>
    /// <param name="data">Which column is <see cref="DataSql"/>.</param>
    /// <param name="arguments">Which column is <c>arguments</c>.</param>
    public static (Invocation? Invocation, string? Error) Read(NpgsqlDataReader reader, int data, int arguments)
    {
        try
        {
            return (Invocation.ParseUtf8(reader.GetString(data), reader.GetFieldValue<byte[]>(arguments)), null);
        }
        catch (FormatException e)
        {
            return (null, e.Message);
        }
    }

    /// <summary>The call without its arguments, or null when it cannot be read.</summary>
    public static Invocation? ReadWithoutArguments(string invocationData)
    {
        try
        {
            return Invocation.Parse(invocationData, "[]");
        }
        catch (FormatException)
        {
            return null;
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
