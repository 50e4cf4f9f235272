using System.Collections.Concurrent;
using Npgsql;
using NpgsqlTypes;

namespace JobRunner.Postgres;

/// <summary>The numbers of the names of methods, queues and servers. There are no more of them than in the code and its settings, so all that
/// were met are remembered.</summary>
sealed class HistoryNames(Database database)
{
    readonly ConcurrentDictionary<string, int> _ids = new(StringComparer.Ordinal);

    public int this[string name] => _ids[StoredText.Clean(name)!];

    // In order, so that two workers that add the same names do not wait for each other in a circle. Two statements: the second sees what
    // somebody else has added while the first waited for it.
    const string AddSql = """
        insert into jobrunner.historyname (name) select name from unnest($1::text[]) as given(name) order by name
        on conflict (name) do nothing
        """;

    const string FindSql = "select name, id from jobrunner.historyname where name = any($1)";

    /// <summary>Finds the numbers of names, and gives numbers to new ones. In transactions of its own, before the one that uses them.</summary>
    public async Task LearnAsync(NpgsqlConnection connection, IEnumerable<string> names, CancellationToken cancellationToken)
    {
        string[] unknown = [.. names.Select(name => StoredText.Clean(name)!).Where(name => !_ids.ContainsKey(name)).Distinct(StringComparer.Ordinal)];
        if (unknown.Length == 0)
            return;
        await FindAsync(connection, unknown, cancellationToken);
        unknown = [.. unknown.Where(name => !_ids.ContainsKey(name))];
        if (unknown.Length == 0)
            return;
        await using (var add = Database.Batch(connection, database.Command(AddSql, Parameters.Of(unknown, NpgsqlDbType.Text))))
            await add.ExecuteNonQueryAsync(cancellationToken);
        await FindAsync(connection, unknown, cancellationToken);
    }

    async Task FindAsync(NpgsqlConnection connection, string[] names, CancellationToken cancellationToken)
    {
        await using var find = Database.Batch(connection, database.Command(FindSql, Parameters.Of(names, NpgsqlDbType.Text)));
        await using var reader = await find.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            _ids[reader.GetString(0)] = reader.GetInt32(1);
    }
}
