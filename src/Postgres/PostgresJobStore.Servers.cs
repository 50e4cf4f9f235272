using JobRunner.Storage;

namespace JobRunner.Postgres;

sealed partial class PostgresJobStore
{
    // Hangfire's rows stay as Hangfire writes them.
    const string AnnounceSql = """
        with own as (
            insert into jobrunner.server (id, sandboxes, unwritten) select $1, $3::jsonb, $4 where $3 is not null
            on conflict (id) do update set sandboxes = excluded.sandboxes, unwritten = excluded.unwritten
        )
        insert into hangfire.server (id, data, lastheartbeat) values ($1, $2::jsonb, now())
        on conflict (id) do update set data = excluded.data, lastheartbeat = excluded.lastheartbeat
        """;

    public void Announce(ServerInfo server)
    {
        using var connection = _signsOfLife.Open();
        using var batch = Batch(connection, Command(AnnounceSql, Parameters.Of(server.Id), Parameters.Of(ServerData.Write(server)),
            Parameters.TextOrNull(ServerData.WriteSandboxes(server)), Parameters.Of(server.Unwritten)));
        batch.ExecuteNonQuery();
    }

    const string WithdrawSql = """
        with own as (delete from jobrunner.server where id = $1)
        delete from hangfire.server where id = $1
        """;

    public Task WithdrawAsync(string serverId, CancellationToken cancellationToken) =>
        ExecuteAsync(Command(WithdrawSql, Parameters.Of(serverId)), cancellationToken);

    const string ListServersSql = """
        select s.id, s.data, s.lastheartbeat, o.sandboxes, coalesce(o.unwritten, 0)
        from hangfire.server s left join jobrunner.server o on o.id = s.id order by s.id
        """;

    public async Task<IReadOnlyList<ServerInfo>> ListServersAsync(CancellationToken cancellationToken)
    {
        await using var connection = await ConnectAsync(cancellationToken);
        await using var batch = Batch(connection, Command(ListServersSql));
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        var servers = new List<ServerInfo>();
        while (await reader.ReadAsync(cancellationToken))
            servers.Add(ServerData.Read(reader.GetString(0), TextOrNull(reader, 1), reader.GetFieldValue<DateTimeOffset>(2), TextOrNull(reader, 3))
                with { Unwritten = reader.GetInt32(4) });
        return servers;
    }
}
