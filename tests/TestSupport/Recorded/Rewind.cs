using System.Text.Json.Nodes;
using Npgsql;
using NpgsqlTypes;

namespace JobRunner.TestSupport;

/// <summary>Puts a recording's rows into a database as they were before a server saw them.</summary>
public static class Rewind
{
    /// <param name="connectionString">A database with Hangfire's tables, empty.</param>
    /// <param name="scenario">The recording.</param>
    /// <param name="states">How many of each job's states stay: the last of them is the one it is in.</param>
    /// <param name="withoutParameters">Parameters that the recorded server wrote.</param>
    /// <returns>The ids of the jobs, which are those of the recording.</returns>
    public static async Task<IReadOnlyList<long>> ToAsync(
        string connectionString, string scenario, int states = 1, params string[] withoutParameters)
    {
        var tables = JsonNode.Parse(await File.ReadAllTextAsync(Repo.PathOf("tests", "recorded", scenario + ".json")))!["tables"]!;
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        var ids = new List<long>();
        foreach (var job in tables["job"]!.AsArray())
        {
            var id = (long)job!["id"]!;
            ids.Add(id);
            var history = tables["state"]!.AsArray().Where(state => (long)state!["jobid"]! == id).OrderBy(state => (long)state!["id"]!).Take(states).ToArray();
            await InsertAsync(connection, "job", job, new JsonObject
            {
                ["statename"] = (string)history[^1]!["name"]!, ["stateid"] = (long)history[^1]!["id"]!, ["expireat"] = null,
            });
            foreach (var state in history)
                await InsertAsync(connection, "state", state!);
            foreach (var parameter in Rows("jobparameter", id).Where(row => !withoutParameters.Contains((string)row["name"]!)))
                await InsertAsync(connection, "jobparameter", parameter);
            await EnterAsync(connection, id, (string?)job["invocationdata"]!["Queue"], history[^1]!);
        }

        foreach (var sequence in (string[])["job", "state", "jobparameter"])
            await ExecuteAsync(connection, $"select setval('hangfire.{sequence}_id_seq', 1000)");
        return ids;

        IEnumerable<JsonNode> Rows(string table, long id) =>
            tables[table] is JsonArray rows ? rows.Where(row => (long)row!["jobid"]! == id).Select(row => row!) : [];
    }

    static async Task EnterAsync(NpgsqlConnection connection, long id, string? ownQueue, JsonNode state)
    {
        var data = state["data"]!;
        switch ((string)state["name"]!)
        {
            case JobStates.Enqueued:
                await ExecuteAsync(connection, $"insert into hangfire.jobqueue (jobid, queue) values ({id}, '{QueueName.Effective((string?)data["Queue"], ownQueue)}')");
                break;
            case JobStates.Scheduled:
                await ExecuteAsync(connection,
                    $"insert into hangfire.set (key, score, value) values ('schedule', {HangfireTime.Parse((string)data["EnqueueAt"]!).ToUnixTimeSeconds()}, '{StateEffects.ScheduleEntry(id, ownQueue)}')");
                break;
            case JobStates.Awaiting:
                await ExecuteAsync(connection, $"insert into hangfire.set (key, score, value) values ('awaiting', 1795212705, '{id}')");
                break;
        }
    }

    static async Task InsertAsync(NpgsqlConnection connection, string table, JsonNode row, JsonObject? changes = null)
    {
        var changed = row.DeepClone().AsObject();
        foreach (var (key, value) in changes ?? [])
            changed[key] = value?.DeepClone();
        await using var command = new NpgsqlCommand($"insert into hangfire.{table} select * from json_populate_record(null::hangfire.{table}, $1)", connection);
        command.Parameters.Add(new NpgsqlParameter { Value = changed.ToJsonString(), NpgsqlDbType = NpgsqlDbType.Json });
        await command.ExecuteNonQueryAsync();
    }

    static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
