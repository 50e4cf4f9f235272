using Npgsql;

namespace JobRunner.Postgres;

/// <summary>A state row: name, instant, data, reason.</summary>
static class StoredState
{
    public static JobState Read(NpgsqlDataReader reader, int first) =>
        new(reader.GetString(first), StoredInstant.Read(reader, first + 1), StateData.Read(StoredText.ReadOrNull(reader, first + 2)),
            StoredText.ReadOrNull(reader, first + 3));
}
