using JobRunner.TestSupport;

namespace JobRunner.Postgres.Tests;

/// <summary>Tests that have a store on the class's own database, emptied before each of them.</summary>
public abstract class StoreTests(PostgresFixture fixture) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    protected string ConnectionString => fixture.ConnectionString;

    private protected PostgresJobStore Store { get; private set; } = null!;

    public virtual async Task InitializeAsync()
    {
        Store = await TestStore.CreateAsync(ConnectionString);
        await Store.InitializeAsync(default);
    }

    public virtual async Task DisposeAsync() => await Store.DisposeAsync();
}
