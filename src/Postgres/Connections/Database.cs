using Microsoft.Extensions.Logging;
using Npgsql;

namespace JobRunner.Postgres;

/// <summary>The database: its connections, the names of its schemas, and how statements are sent. All parts of the store share it.</summary>
sealed class Database : IAsyncDisposable
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
    public const string IndexesOnlySql = """
        select set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true),
               set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true),
               set_config('enable_sort', 'off', true), set_config('jit', 'off', true)
        """;

    // Long for what takes milliseconds, and half of what Npgsql would wait for an answer that never comes.
    public const int HotTimeoutSeconds = 15;

    readonly ConnectionSource _source;
    readonly ConnectionSource _signsOfLife;
    readonly ConnectionGate _gate = new(TimeProvider.System);
    readonly string _listening;

    public Database(PostgresOptions options, ILogger logger)
    {
        Names = new SchemaNames(options.Schema);
        var settings = ConnectionSettings.Of(options);
        LooksForPooler = !new NpgsqlConnectionStringBuilder(options.ConnectionString).ShouldSerialize("Max Auto Prepare");
        _source = new(settings.ConnectionString, LooksForPooler, logger.PoolerFound);
        _signsOfLife = new(ConnectionSettings.SignsOfLife(settings), LooksForPooler, () => { });
        _listening = ConnectionSettings.Listening(settings);
        Description = $"PostgreSQL at {settings.Host}:{settings.Port}/{settings.Database}, schema {options.Schema}";
    }

    public string Description { get; }

    public SchemaNames Names { get; }

    /// <summary>True when each new connection is asked whether a pooler is in between.</summary>
    public bool LooksForPooler { get; }

    /// <summary>The connection that listens, while one does.</summary>
    public LifeLine LifeLine { get; } = new();

    public async ValueTask<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken)
    {
        await _gate.EnterAsync(cancellationToken);
        try
        {
            return _gate.Watch(await _source.OpenAsync(cancellationToken));
        }
        catch
        {
            _gate.Leave();
            throw;
        }
    }

    /// <summary>A connection for short statements of one thread, which wait for no connection that a job's may have: the one that listens, or
    /// one of their own.</summary>
    public LifeLineLoan OpenForSignsOfLife() => LifeLine.Borrow() ?? new(_signsOfLife.Open(), null);

    /// <summary>Opens a connection to listen on, outside the pool.</summary>
    /// <returns>Null when a pooler is between us and the database: nothing would come through it.</returns>
    public NpgsqlConnection? OpenForListening()
    {
        var connection = new NpgsqlConnection(_listening);
        try
        {
            connection.Open();
            if (!LooksForPooler || !ConnectionSource.IsPooled(connection))
                return connection;
            connection.Dispose();
            return null;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _source.DisposeAsync();
        await _signsOfLife.DisposeAsync();
    }

    /// <summary>A hot statement: one round trip in its own transaction, on indexes only.</summary>
    public static NpgsqlBatch IndexedBatch(NpgsqlConnection connection, params ReadOnlySpan<NpgsqlBatchCommand> commands)
    {
        var batch = Batch(connection, commands);
        batch.Timeout = HotTimeoutSeconds;
        batch.BatchCommands.Insert(0, new NpgsqlBatchCommand(IndexesOnlySql));
        return batch;
    }

    /// <summary>Statements in one round trip, and one transaction.</summary>
    public static NpgsqlBatch Batch(NpgsqlConnection connection, params ReadOnlySpan<NpgsqlBatchCommand> commands)
    {
        var batch = connection.CreateBatch();
        foreach (var command in commands)
            batch.BatchCommands.Add(command);
        return batch;
    }

    /// <summary>A statement, for these schemas.</summary>
    public NpgsqlBatchCommand Command(string sql, params ReadOnlySpan<NpgsqlParameter> parameters)
    {
        var command = new NpgsqlBatchCommand(Names.In(sql));
        foreach (var parameter in parameters)
            command.Parameters.Add(parameter);
        return command;
    }

    /// <summary>Runs one statement that says a number.</summary>
    public async Task<int> NumberAsync(NpgsqlBatchCommand command, CancellationToken cancellationToken)
    {
        await using var connection = await OpenAsync(cancellationToken);
        return await NumberAsync(connection, command, cancellationToken);
    }

    public static async Task<int> NumberAsync(NpgsqlConnection connection, NpgsqlBatchCommand command, CancellationToken cancellationToken)
    {
        await using var batch = IndexedBatch(connection, command);
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.NextResultAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return checked((int)reader.GetInt64(0));
    }

    /// <summary>Runs statements whose results do not matter.</summary>
    public async Task ExecuteAsync(NpgsqlBatchCommand command, CancellationToken cancellationToken)
    {
        await using var connection = await OpenAsync(cancellationToken);
        await using var batch = Batch(connection, command);
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Reads the first column of what a hot statement selects.</summary>
    public static async Task<List<string>> ReadTextsAsync(
        NpgsqlConnection connection, NpgsqlBatchCommand command, CancellationToken cancellationToken)
    {
        await using var batch = IndexedBatch(connection, command);
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.NextResultAsync(cancellationToken);
        var texts = new List<string>();
        while (await reader.ReadAsync(cancellationToken))
            texts.Add(reader.GetString(0));
        return texts;
    }

    /// <inheritdoc cref="ReadTextsAsync"/>
    public static async Task<List<long>> ReadIdsAsync(
        NpgsqlConnection connection, NpgsqlBatchCommand command, CancellationToken cancellationToken)
    {
        await using var batch = IndexedBatch(connection, command);
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.NextResultAsync(cancellationToken);
        var ids = new List<long>();
        while (await reader.ReadAsync(cancellationToken))
            ids.Add(reader.GetInt64(0));
        return ids;
    }
}
