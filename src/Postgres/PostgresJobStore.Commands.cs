using Npgsql;

namespace JobRunner.Postgres;

sealed partial class PostgresJobStore
{
    // Plans are prepared, so they outlive the sizes that they were made for: one made while a table was small would read all
    // of it when it has grown. Every hot statement looks rows up by an index; so the planner may not think of anything else.
    const string IndexesOnlySql = "select set_config('enable_seqscan', 'off', true), set_config('enable_mergejoin', 'off', true)";

    /// <summary>A hot statement: one round trip in its own transaction, on indexes only.</summary>
    static NpgsqlBatch IndexedBatch(NpgsqlConnection connection, params ReadOnlySpan<NpgsqlBatchCommand> commands)
    {
        var batch = Batch(connection, commands);
        batch.BatchCommands.Insert(0, new NpgsqlBatchCommand(IndexesOnlySql));
        return batch;
    }

    /// <summary>Statements in one round trip, and one transaction.</summary>
    static NpgsqlBatch Batch(NpgsqlConnection connection, params ReadOnlySpan<NpgsqlBatchCommand> commands)
    {
        var batch = connection.CreateBatch();
        foreach (var command in commands)
            batch.BatchCommands.Add(command);
        return batch;
    }

    NpgsqlBatchCommand Command(string sql, params ReadOnlySpan<NpgsqlParameter> parameters)
    {
        var command = new NpgsqlBatchCommand(_names.In(sql));
        foreach (var parameter in parameters)
            command.Parameters.Add(parameter);
        return command;
    }

    ValueTask<NpgsqlConnection> ConnectAsync(CancellationToken cancellationToken) => _source.OpenConnectionAsync(cancellationToken);

    /// <summary>Runs one statement that says a number.</summary>
    async Task<int> NumberAsync(NpgsqlBatchCommand command, CancellationToken cancellationToken)
    {
        await using var connection = await ConnectAsync(cancellationToken);
        await using var batch = IndexedBatch(connection, command);
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.NextResultAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return checked((int)reader.GetInt64(0));
    }

    /// <summary>Runs statements whose results do not matter.</summary>
    async Task ExecuteAsync(NpgsqlBatchCommand command, CancellationToken cancellationToken)
    {
        await using var connection = await ConnectAsync(cancellationToken);
        await using var batch = Batch(connection, command);
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }
}
