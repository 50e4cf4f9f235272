using JobRunner.Storage;
using Npgsql;
using NpgsqlTypes;

namespace JobRunner.Postgres;

/// <summary>Values as parameters <c>$1</c>, <c>$2</c> … with their types named, so that one text has one plan.</summary>
static class Parameters
{
    public static NpgsqlParameter Of<T>(T value) => new NpgsqlParameter<T> { TypedValue = value };

    public static NpgsqlParameter Of<T>(T[] values, NpgsqlDbType type) =>
        new NpgsqlParameter<T[]> { TypedValue = values, NpgsqlDbType = NpgsqlDbType.Array | type };

    public static NpgsqlParameter TextOrNull(string? value) =>
        new() { Value = value is null ? DBNull.Value : value, NpgsqlDbType = NpgsqlDbType.Text };

    public static NpgsqlParameter NumberOrNull(int? value) =>
        new() { Value = value ?? (object)DBNull.Value, NpgsqlDbType = NpgsqlDbType.Integer };

    public static NpgsqlParameter Ids(IEnumerable<long> ids) => Of(ids.ToArray(), NpgsqlDbType.Bigint);

    public static NpgsqlParameter QueueRows(IEnumerable<Claim> claims) => Ids(claims.Select(c => c.QueueRowId));

    public static NpgsqlParameter Tokens(IEnumerable<Claim> claims) => Of(claims.Select(c => c.Token).ToArray(), NpgsqlDbType.Integer);

    public static NpgsqlParameter InstantOrNull(DateTime? instant) =>
        new() { Value = instant is null ? DBNull.Value : instant, NpgsqlDbType = NpgsqlDbType.TimestampTz };

    public static NpgsqlParameter At(DateTimeOffset instant) => Of(instant.UtcDateTime);
}
