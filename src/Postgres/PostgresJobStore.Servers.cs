using JobRunner.Storage;

namespace JobRunner.Postgres;

sealed partial class PostgresJobStore
{
    const string AnnounceSql = """
        insert into hangfire.server (id, data, lastheartbeat) values ($1, $2::jsonb, now())
        on conflict (id) do update set data = excluded.data, lastheartbeat = excluded.lastheartbeat
        """;

    public Task AnnounceAsync(ServerInfo server, CancellationToken cancellationToken) =>
        ExecuteAsync(Command(AnnounceSql, Parameters.Of(server.Id), Parameters.Of(ServerData.Write(server))), cancellationToken);

    const string WithdrawSql = "delete from hangfire.server where id = $1";

    public Task WithdrawAsync(string serverId, CancellationToken cancellationToken) =>
        ExecuteAsync(Command(WithdrawSql, Parameters.Of(serverId)), cancellationToken);

    const string ListServersSql = "select id, data, lastheartbeat from hangfire.server order by id";

    public async Task<IReadOnlyList<ServerInfo>> ListServersAsync(CancellationToken cancellationToken)
    {
        await using var connection = await ConnectAsync(cancellationToken);
        await using var batch = Batch(connection, Command(ListServersSql));
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        var servers = new List<ServerInfo>();
        while (await reader.ReadAsync(cancellationToken))
            servers.Add(ServerData.Read(
                reader.GetString(0), reader.IsDBNull(1) ? null : reader.GetString(1), reader.GetFieldValue<DateTimeOffset>(2)));
        return servers;
    }
}
