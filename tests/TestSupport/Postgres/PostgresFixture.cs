using Xunit;

namespace JobRunner.TestSupport;

/// <summary>A database for one test class, on the one server of the test run. Use it as <c>IClassFixture</c>.</summary>
public sealed class PostgresFixture : IAsyncLifetime
{
    // Never disposed: its shell stops it when this process ends (see PostgresServer).
    static readonly Lazy<Task<PostgresServer>> _server = new(() => PostgresServer.StartAsync(durable: false));

    /// <summary>The class's own database.</summary>
    public string ConnectionString { get; private set; } = "";

    /// <summary>One more empty database on the same server.</summary>
    public static async Task<string> CreateDatabaseAsync() => await (await _server.Value).CreateDatabaseAsync();

    public async Task InitializeAsync() => ConnectionString = await CreateDatabaseAsync();

    public Task DisposeAsync() => Task.CompletedTask;
}
