using JobRunner.Storage;
using JobRunner.TestSupport;

namespace JobRunner.Postgres.Tests;

public sealed class PostgresConformanceTests(PostgresFixture fixture) : JobStoreConformance, IClassFixture<PostgresFixture>
{
    protected override DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    protected override async Task<IJobStore> CreateAsync() => await TestStore.CreateAsync(
        fixture.ConnectionString, configure: options => options.History = TimeSpan.FromDays(30));

    protected override Task PassTimeAsync(TimeSpan time) => TestStore.PassTimeAsync(fixture.ConnectionString, time);
}
