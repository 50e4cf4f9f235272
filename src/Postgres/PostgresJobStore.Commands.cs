using Npgsql;

namespace JobRunner.Postgres;

sealed partial class PostgresJobStore
{
    // Plans are prepared, so they outlive the sizes that they were made for, and tables that nobody has analyzed yet, or not
    // since a burst, are guessed at. Two rules keep every hot statement on a few index lookups for each job, whatever the
    // planner believes. This is the first: no other way of reading is allowed. The second is in the statements: a table is
    // reached from the jobs at hand through '= any(array(...))', a scalar subquery or a lateral one that is not merged
    // ('for update', 'offset 0'), with the key as the only condition that an index could serve. A plain join let the planner
    // start at the other end: 3 s instead of 50 ms for 1,000 jobs, until the next analyze. Of a table that was empty when it was
    // vacuumed last, all indexes look alike, also one that has the key in its last column and is read as a whole (5 s): where
    // several have it, an order that only the right one has decides. (What is not allowed but cannot be
    // avoided costs ten thousand million, which would have the server compile the statement first: 0.3 s, so that is off too.)
    internal const string IndexesOnlySql = """
        select set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true),
               set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true),
               set_config('enable_sort', 'off', true), set_config('jit', 'off', true)
        """;

    // Long for what takes milliseconds, and half of what Npgsql would wait for an answer that never comes.
    const int HotTimeoutSeconds = 15;

    /// <summary>A hot statement: one round trip in its own transaction, on indexes only.</summary>
    static NpgsqlBatch IndexedBatch(NpgsqlConnection connection, params ReadOnlySpan<NpgsqlBatchCommand> commands)
    {
        var batch = Batch(connection, commands);
        batch.Timeout = HotTimeoutSeconds;
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

    ValueTask<NpgsqlConnection> ConnectAsync(CancellationToken cancellationToken) => _source.OpenAsync(cancellationToken);

    /// <summary>Runs one statement that says a number.</summary>
    async Task<int> NumberAsync(NpgsqlBatchCommand command, CancellationToken cancellationToken)
    {
        await using var connection = await ConnectAsync(cancellationToken);
        return await NumberAsync(connection, command, cancellationToken);
    }

    static async Task<int> NumberAsync(NpgsqlConnection connection, NpgsqlBatchCommand command, CancellationToken cancellationToken)
    {
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
