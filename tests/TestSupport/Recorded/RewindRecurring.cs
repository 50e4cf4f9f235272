using Npgsql;
using NpgsqlTypes;

namespace JobRunner.TestSupport;

/// <summary>Puts a recording's recurring jobs into a database as they were before they ran: added just now.</summary>
public static class RewindRecurring
{
    const string InsertFieldSql = "insert into hangfire.hash (key, field, value) values ($1, $2, $3)";
    const string InsertScoreSql = "insert into hangfire.set (key, value, score) values ('recurring-jobs', $1, $2)";

    /// <param name="connectionString">A database with Hangfire's tables, empty.</param>
    /// <param name="scenario">The recording; its form says how times are written.</param>
    /// <param name="due">When the jobs are due.</param>
    /// <param name="changes">Fields that get another value, or are new (to all of the recording's jobs).</param>
    public static async Task ToAsync(
        string connectionString, string scenario, DateTimeOffset due, params (string Field, string Value)[] changes)
    {
        var now = TimeProvider.System.GetUtcNow();
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        foreach (var row in Recorded.Rows(scenario, "hash"))
        {
            var field = row.GetProperty("field").GetString()!;
            if (field is "LastExecution" or "LastJobId")
                continue;
            var value = field switch
            {
                "CreatedAt" => Form(now),
                "NextExecution" => Form(due),
                _ => changes.FirstOrDefault(change => change.Field == field).Value ?? row.GetProperty("value").GetString()!,
            };
            await ExecuteAsync(connection, InsertFieldSql, Of(row.GetProperty("key").GetString()!), Of(field), Of(value));
        }

        foreach (var job in Recorded.Rows(scenario, "hash").ToLookup(row => row.GetProperty("key").GetString()!, row => row.GetProperty("field").GetString()))
        {
            foreach (var (field, value) in changes.Where(change => !job.Contains(change.Field)))
                await ExecuteAsync(connection, InsertFieldSql, Of(job.Key), Of(field), Of(value));
        }

        foreach (var row in Recorded.Rows(scenario, "set"))
            await ExecuteAsync(connection, InsertScoreSql, Of(row.GetProperty("value").GetString()!),
                new NpgsqlParameter { Value = (double)due.ToUnixTimeSeconds() });

        string Form(DateTimeOffset at) => scenario.StartsWith("v110", StringComparison.Ordinal) ? at.UtcDateTime.ToString("O") : HangfireTime.Format(at);
    }

    static NpgsqlParameter Of(string text) => new() { Value = text, NpgsqlDbType = NpgsqlDbType.Text };

    static async Task ExecuteAsync(NpgsqlConnection connection, string sql, params NpgsqlParameter[] parameters)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        command.Parameters.AddRange(parameters);
        await command.ExecuteNonQueryAsync();
    }
}
