using System.Globalization;
using JobRunner.Storage;
using Npgsql;
using NpgsqlTypes;

namespace JobRunner.Postgres;

/// <summary>Changes of recurring jobs, turned into arrays: one parameter for each column.</summary>
sealed class RecurringColumns
{
    readonly IReadOnlyList<(string Id, RecurringChange Change)> _changes;

    public RecurringColumns(IReadOnlyList<(string Id, RecurringChange Change)> changes)
    {
        _changes = [.. changes.Where(change => !IsRemoval(change.Change))];
        Removed = [.. changes.Where(change => IsRemoval(change.Change)).Select(change => change.Id)];
        Jobs = [.. _changes.SelectMany(change => change.Change.Jobs)];
    }

    public string[] Removed { get; }

    public NewJob[] Jobs { get; }

    /// <summary>Ids, names and values of fields. The last job of each recurring job is known only now.</summary>
    public NpgsqlParameter[] Fields(IReadOnlyList<long> jobIds)
    {
        var fields = new List<(string Id, string Field, string Value)>();
        var added = 0;
        foreach (var (id, change) in _changes)
        {
            added += change.Jobs.Count;
            fields.AddRange(change.Fields.Select(field => (id, field.Key, field.Value)));
            if (change.Jobs.Count > 0)
                fields.Add((id, "LastJobId", jobIds[added - 1].ToString(CultureInfo.InvariantCulture)));
        }

        return
        [
            Parameters.Of(fields.Select(f => f.Id).ToArray(), NpgsqlDbType.Text),
            Parameters.Of(fields.Select(f => f.Field).ToArray(), NpgsqlDbType.Text),
            Parameters.Of(fields.Select(f => StoredText.Clean(f.Value)).ToArray(), NpgsqlDbType.Text),
        ];
    }

    public NpgsqlParameter[] Scores() =>
    [
        Parameters.Of(_changes.Select(change => change.Id).ToArray(), NpgsqlDbType.Text),
        Parameters.Of(_changes.Select(change => change.Change.Score).ToArray(), NpgsqlDbType.Double),
    ];

    static bool IsRemoval(RecurringChange change) => ReferenceEquals(change, RecurringChange.Removal);
}
