using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using JobRunner.Storage;

namespace JobRunner.Postgres;

/// <summary>Column <c>server.data</c>. Hangfire's dashboard fails as a whole on a row without <c>Queues</c>; we pass over it.</summary>
sealed record ServerData(IReadOnlyList<string>? Queues, string? StartedAt, int WorkerCount)
{
    public static string Write(ServerInfo server) => StoredText.CleanJson(JsonSerializer.Serialize(
        new ServerData(server.Queues, server.StartedAt.UtcDateTime.ToString("O", CultureInfo.InvariantCulture), server.WorkerCount),
        ServerJson.Default.ServerData));

    /// <summary>The column of our own table.</summary>
    public static string? WriteSandboxes(ServerInfo server) =>
        server.Sandboxes is null ? null : StoredText.CleanJson(JsonSerializer.Serialize(server.Sandboxes, ServerJson.Default.ServerSandboxes));

    public static ServerInfo Read(string id, string? json, DateTimeOffset lastHeartbeat, string? sandboxes)
    {
        var data = Parse(json, ServerJson.Default.ServerData);
        return new(id, data?.Queues ?? [], data?.WorkerCount ?? 0,
            HangfireTime.TryParse(data?.StartedAt, out var startedAt) ? startedAt : lastHeartbeat, lastHeartbeat)
        {
            Sandboxes = Parse(sandboxes, ServerJson.Default.ServerSandboxes),
        };
    }

    static T? Parse<T>(string? json, JsonTypeInfo<T> type) where T : class
    {
        try
        {
            return json is null ? null : JsonSerializer.Deserialize(json, type);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

[JsonSerializable(typeof(ServerData))]
[JsonSerializable(typeof(ServerSandboxes))]
sealed partial class ServerJson : JsonSerializerContext;
