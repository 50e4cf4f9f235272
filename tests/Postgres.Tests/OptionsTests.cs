using JobRunner.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace JobRunner.Postgres.Tests;

public sealed class OptionsTests
{
    [Fact]
    public async Task UsePostgres_registers_the_store()
    {
        await using var services = new ServiceCollection().AddJobRunner().UsePostgres("Host=db;Database=app", o => o.Schema = "jobs")
            .Services.BuildServiceProvider();

        services.GetRequiredService<IJobStore>().Description.ShouldBe("PostgreSQL at db:5432/app, schema jobs");
    }

    [Theory]
    [InlineData("", 10, 1, "ConnectionString")]
    [InlineData("Host=db", 0, 1, "MaxPoolSize is 0")]
    [InlineData("Host=db", 10, 0, "JobExpiration is 00:00:00")]
    [InlineData("Host=db", 10, 1, "DistributedLockTimeout is 00:00:00", 0)]
    public void An_option_without_sense_is_refused_by_its_name(string connectionString, int poolSize, int days, string expected, int lockMinutes = 10) =>
        Should.Throw<ArgumentException>(() => new ServiceCollection().AddJobRunner().UsePostgres(connectionString, options =>
        {
            options.MaxPoolSize = poolSize;
            options.JobExpiration = TimeSpan.FromDays(days);
            options.DistributedLockTimeout = TimeSpan.FromMinutes(lockMinutes);
        })).Message.ShouldContain(expected);
}
