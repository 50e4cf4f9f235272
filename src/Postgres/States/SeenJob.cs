using JobRunner.Storage;
using Npgsql;

namespace JobRunner.Postgres;

/// <summary>A job whose state is to be changed, as it was seen.</summary>
/// <param name="JobId">The job.</param>
/// <param name="StateId">Its state row.</param>
/// <param name="StateName">The name of that state.</param>
/// <param name="Call">Its call without its arguments, or null when that cannot be read.</param>
/// <param name="OwnQueue">The queue that it carries itself, or null.</param>
readonly record struct SeenJob(long JobId, long StateId, string StateName, Invocation? Call, string? OwnQueue)
{
    public StateChange To(JobState state, TimeSpan? retention = null) => new(JobId, StateId, StateName, [state], OwnQueue) { Retention = retention };

    /// <summary>What <see cref="ReadAsync"/> reads.</summary>
    public const string ColumnsSql = $"id, coalesce(stateid, 0), statename, {StoredCall.DataSql}";

    /// <summary>Reads what a statement selects: <see cref="ColumnsSql"/>.</summary>
    public static async Task<List<SeenJob>> ReadAsync(
        NpgsqlConnection connection, NpgsqlBatchCommand command, CancellationToken cancellationToken)
    {
        await using var batch = Database.IndexedBatch(connection, command);
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.NextResultAsync(cancellationToken);
        var seen = new List<SeenJob>();
        while (await reader.ReadAsync(cancellationToken))
            seen.Add(Read(reader));
        return seen;
    }

    /// <summary>Reads one whose columns come first.</summary>
    public static SeenJob Read(NpgsqlDataReader reader)
    {
        var call = StoredCall.ReadWithoutArguments(reader.GetString(3));
        return new(reader.GetInt64(0), reader.GetInt64(1), reader.GetString(2), call, call?.Queue);
    }
}
