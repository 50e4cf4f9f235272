using JobRunner.TestSupport;
using Npgsql;

namespace JobRunner.Postgres.Tests;

/// <summary>The pooler that other tests rely on is one in transaction mode, and ends with its test.</summary>
public sealed class PgBouncerTests(PostgresFixture fixture) : IClassFixture<PostgresFixture>
{
    [Fact(Timeout = 60_000)]
    public async Task Connections_share_a_session_of_the_server_between_their_transactions()
    {
        string connectionString;
        await using (var pooler = await PgBouncer.StartAsync(fixture.ConnectionString, poolSize: 1))
        {
            connectionString = pooler.ConnectionString;
            await using var one = await OpenAsync(connectionString);
            await using var other = await OpenAsync(connectionString);
            (await SessionAsync(one)).ShouldBe(await SessionAsync(other));
        }

        await Should.ThrowAsync<NpgsqlException>(() => OpenAsync(connectionString));
    }

    static async Task<NpgsqlConnection> OpenAsync(string connectionString)
    {
        var connection = new NpgsqlConnection(connectionString + ";Pooling=false");
        await connection.OpenAsync();
        return connection;
    }

    static async Task<object?> SessionAsync(NpgsqlConnection connection)
    {
        await using var command = new NpgsqlCommand("select pg_backend_pid()", connection);
        return await command.ExecuteScalarAsync();
    }
}
