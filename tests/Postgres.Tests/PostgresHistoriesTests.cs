using JobRunner.Storage;
using JobRunner.TestSupport;
using Xunit.Abstractions;

namespace JobRunner.Postgres.Tests;

public sealed class PostgresHistoriesTests(PostgresFixture fixture, ITestOutputHelper output) : StoreHistories(output), IClassFixture<PostgresFixture>
{
    protected override int Count => 60;

    protected override DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    // How long a look takes must not decide where the next one begins (FullScanThrottle).
    protected override async Task<IJobStore> CreateAsync() => await TestStore.CreateAsync(fixture.ConnectionString, new StandingTime());

    protected override Task PassTimeAsync(TimeSpan time) => TestStore.PassTimeAsync(fixture.ConnectionString, time);

    /// <summary>The time of day, by a clock by which nothing takes any time.</summary>
    sealed class StandingTime : TimeProvider
    {
        public override long GetTimestamp() => 0;
    }
}
