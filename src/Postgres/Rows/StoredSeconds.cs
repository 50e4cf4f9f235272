using Npgsql;

namespace JobRunner.Postgres;

/// <summary>Times in seconds, as scores have them.</summary>
static class StoredSeconds
{
    // Scores may be anything that a double can be, and no number at all: that sorts behind all others, and is never due.
    public static TimeSpan? ReadOrNull(NpgsqlDataReader reader, int column) =>
        reader.IsDBNull(column) || double.IsNaN(reader.GetDouble(column)) ? null : TimeSpan.FromSeconds(Math.Clamp(reader.GetDouble(column), -1e9, 1e9));
}
