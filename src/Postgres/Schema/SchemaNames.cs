using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using JobRunner.Storage;

namespace JobRunner.Postgres;

/// <summary>
/// Statements are written against schemas <c>hangfire</c> and <c>jobrunner</c>, so that they can be pasted into psql. For
/// another schema the names are replaced, once for each statement. A search path would not do: a transaction pooler
/// (PgBouncer) hands the session to somebody else after each transaction.
/// </summary>
sealed partial class SchemaNames
{
    const int MaxIdentifierLength = 63;
    const string OwnPrefix = "jobrunner_";
    const string DefaultHangfire = "hangfire";

    // By reference: the keys are constants, and hashing two thousand characters for each command would cost more than the lookup.
    readonly ConcurrentDictionary<string, string> _texts = new(ReferenceEqualityComparer.Instance);

    /// <exception cref="StoreException">The name is not an identifier.</exception>
    public SchemaNames(string schema)
    {
        if (!Identifier().IsMatch(schema) || schema.Length > MaxIdentifierLength - OwnPrefix.Length)
            throw new StoreException(
                $"'{schema}' cannot be the name of the schema: use letters, digits and underscores, beginning with a letter or an " +
                $"underscore, at most {MaxIdentifierLength - OwnPrefix.Length} characters.");
        Hangfire = schema;
        Own = schema == DefaultHangfire ? "jobrunner" : OwnPrefix + schema;
    }

    /// <summary>The schema of Hangfire's tables.</summary>
    public string Hangfire { get; }

    /// <summary>The schema of our tables; also the name of our notification channel, so that two schemas of one database do not
    /// stop each other's jobs.</summary>
    public string Own { get; }

    /// <summary>The statement for these schemas.</summary>
    public string In(string sql) => Hangfire == DefaultHangfire ? sql : _texts.GetOrAdd(sql, Replace);

    string Replace(string sql) => Prefix().Replace(sql, match => match.Value == DefaultHangfire ? $"\"{Hangfire}\"" : $"\"{Own}\"");

    [GeneratedRegex("^[A-Za-z_][A-Za-z0-9_]*$")]
    private static partial Regex Identifier();

    [GeneratedRegex(@"\b(hangfire|jobrunner)(?=\.)")]
    private static partial Regex Prefix();
}
