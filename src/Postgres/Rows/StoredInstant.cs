using Npgsql;

namespace JobRunner.Postgres;

/// <summary>Instants as they are stored. PostgreSQL has more of them than .NET, infinite ones among them: those come as the first or the
/// last that .NET has.</summary>
static class StoredInstant
{
    static readonly DateTimeOffset _first = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);
    static readonly long _least = (DateTimeOffset.MinValue - _first).Ticks / TimeSpan.TicksPerMicrosecond;
    static readonly long _most = (DateTimeOffset.MaxValue - _first).Ticks / TimeSpan.TicksPerMicrosecond;

    public static DateTimeOffset Read(NpgsqlDataReader reader, int column) =>
        _first.AddTicks(Math.Clamp(reader.GetFieldValue<long>(column), _least, _most) * TimeSpan.TicksPerMicrosecond);

    public static DateTimeOffset? ReadOrNull(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : Read(reader, column);
}
