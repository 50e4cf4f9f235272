using Npgsql;

namespace JobRunner.TestSupport;

/// <summary>What a test does behind a store's back, each on a connection of its own.</summary>
public static class Sql
{
    public static async Task ExecuteAsync(string connectionString, string sql, params NpgsqlParameter[] parameters) =>
        await ScalarAsync(connectionString, sql, parameters);

    /// <summary>The first column of the first row, or null.</summary>
    public static async Task<object?> ScalarAsync(string connectionString, string sql, params NpgsqlParameter[] parameters)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        command.Parameters.AddRange(parameters);
        return await command.ExecuteScalarAsync();
    }

    /// <summary>The first column of every row, a text.</summary>
    public static async Task<List<string>> LinesAsync(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync();
        var lines = new List<string>();
        while (await reader.ReadAsync())
            lines.Add(reader.GetString(0));
        return lines;
    }
}
