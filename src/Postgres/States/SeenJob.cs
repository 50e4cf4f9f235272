using JobRunner.Storage;
using Npgsql;

namespace JobRunner.Postgres;

/// <summary>A job whose state is to be changed, as it was seen.</summary>
/// <param name="JobId">The job.</param>
/// <param name="StateId">Its state row.</param>
/// <param name="StateName">The name of that state.</param>
/// <param name="Call">Its call, or null when that cannot be read.</param>
/// <param name="OwnQueue">The queue that it carries itself, or null.</param>
readonly record struct SeenJob(long JobId, long StateId, string StateName, Invocation? Call, string? OwnQueue)
{
    public StateChange To(JobState state, TimeSpan? retention = null) => new(JobId, StateId, StateName, [state], OwnQueue) { Retention = retention };

    /// <summary>Reads what a statement selects: id, state id, state name, invocation data and arguments.</summary>
    public static async Task<List<SeenJob>> ReadAsync(
        NpgsqlConnection connection, NpgsqlBatchCommand command, CancellationToken cancellationToken)
    {
        await using var batch = Database.IndexedBatch(connection, command);
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.NextResultAsync(cancellationToken);
        var seen = new List<SeenJob>();
        while (await reader.ReadAsync(cancellationToken))
        {
            var call = StoredCall.Read(reader.GetString(3), reader.GetString(4)).Invocation;
            seen.Add(new(reader.GetInt64(0), reader.GetInt64(1), reader.GetString(2), call, call?.Queue));
        }

        return seen;
    }
}
