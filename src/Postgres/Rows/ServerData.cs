using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using JobRunner.Storage;

namespace JobRunner.Postgres;

/// <summary>Column <c>server.data</c>. Hangfire's dashboard fails as a whole on a row without <c>Queues</c>; we pass over it.
/// <c>Sandboxes</c> is ours: Hangfire ignores members that it does not know.</summary>
sealed record ServerData(IReadOnlyList<string>? Queues, string? StartedAt, int WorkerCount)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ServerSandboxes? Sandboxes { get; init; }

    public static string Write(ServerInfo server) => JsonSerializer.Serialize(
        new ServerData(server.Queues, server.StartedAt.UtcDateTime.ToString("O", CultureInfo.InvariantCulture), server.WorkerCount)
        {
            Sandboxes = server.Sandboxes,
        },
        ServerJson.Default.ServerData);

    public static ServerInfo Read(string id, string? json, DateTimeOffset lastHeartbeat)
    {
        var data = Parse(json);
        return new(id, data?.Queues ?? [], data?.WorkerCount ?? 0,
            HangfireTime.TryParse(data?.StartedAt, out var startedAt) ? startedAt : lastHeartbeat, lastHeartbeat)
        {
            Sandboxes = data?.Sandboxes,
        };
    }

    static ServerData? Parse(string? json)
    {
        try
        {
            return json is null ? null : JsonSerializer.Deserialize(json, ServerJson.Default.ServerData);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

[JsonSerializable(typeof(ServerData))]
sealed partial class ServerJson : JsonSerializerContext;
