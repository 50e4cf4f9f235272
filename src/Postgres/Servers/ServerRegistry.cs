using JobRunner.Storage;
using Npgsql;

namespace JobRunner.Postgres;

/// <summary>Who works, in Hangfire's table, and beside it what only our workers tell.</summary>
sealed class ServerRegistry(Database database) : IServerRegistry
{
    // Hangfire's rows stay as Hangfire writes them.
    const string AnnounceSql = """
        with own as (
            insert into jobrunner.server (id, sandboxes, unwritten) select $1, $3::jsonb, $4 where $3 is not null
            on conflict (id) do update set sandboxes = excluded.sandboxes, unwritten = excluded.unwritten,
                heardsince = case when (select v.lastheartbeat from hangfire.server v where v.id = $1) >= now() - $5
                                  then server.heardsince else now() end
        )
        insert into hangfire.server (id, data, lastheartbeat) values ($1, $2::jsonb, now())
        on conflict (id) do update set data = excluded.data, lastheartbeat = excluded.lastheartbeat
        """;

    public void Announce(ServerInfo server, TimeSpan gap)
    {
        using var loan = database.OpenForSignsOfLife();
        using var batch = Database.Batch(loan.Connection, database.Command(AnnounceSql,
            Parameters.Of(server.Id), Parameters.Of(ServerData.Write(server)), Parameters.TextOrNull(ServerData.WriteSandboxes(server)),
            Parameters.Of(server.Unwritten), Parameters.Of(gap)));
        batch.ExecuteNonQuery();
    }

    const string WithdrawSql = """
        with own as (delete from jobrunner.server where id = $1)
        delete from hangfire.server where id = $1
        """;

    public Task WithdrawAsync(string serverId, CancellationToken cancellationToken) =>
        database.ExecuteAsync(database.Command(WithdrawSql, Parameters.Of(serverId)), cancellationToken);

    const string ListServersSql = """
        select s.id, s.data, s.lastheartbeat, o.sandboxes, coalesce(o.unwritten, 0)
        from hangfire.server s left join jobrunner.server o on o.id = s.id order by s.id
        """;

    public async Task<IReadOnlyList<ServerInfo>> ListAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        await using var batch = Database.Batch(connection, database.Command(ListServersSql));
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        var servers = new List<ServerInfo>();
        while (await reader.ReadAsync(cancellationToken))
            servers.Add(Read(reader));
        return servers;
    }

    static ServerInfo Read(NpgsqlDataReader reader) => ServerData.Read(
        reader.GetString(0), StoredText.ReadOrNull(reader, 1), StoredInstant.Read(reader, 2), StoredText.ReadOrNull(reader, 3)) with
    {
        Unwritten = reader.GetInt32(4),
    };
}
