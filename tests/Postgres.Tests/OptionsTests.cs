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
    [InlineData(0.5)]
    [InlineData(-3)]
    [InlineData(4000)]
    public void A_history_of_less_than_a_day_or_more_than_ten_years_is_refused(double days) =>
        Should.Throw<ArgumentException>(() => new ServiceCollection().AddJobRunner().UsePostgres("Host=db", o => o.History = TimeSpan.FromDays(days)))
            .Message.ShouldContain("PostgresOptions.History is ");

    [Fact]
    public async Task JobExpiration_is_the_default_of_what_is_not_said_more_exactly()
    {
        await using var services = new ServiceCollection().AddJobRunner(o => o.Retention.Deleted = TimeSpan.FromHours(2))
            .UsePostgres("Host=db;Database=app", o => o.JobExpiration = TimeSpan.FromHours(5)).Services.BuildServiceProvider();
        var rule = services.GetRequiredService<RetentionRule>();

        rule.Of(JobState.Succeeded(default, default, default, null), (JobPolicy?)null).ShouldBe(TimeSpan.FromHours(5));
        rule.Of(JobState.Deleted(default), (JobPolicy?)null).ShouldBe(TimeSpan.FromHours(2));
        rule.Of(JobState.Failed(default, new("E", "", ""), null), (JobPolicy?)null).ShouldBeNull();
    }

    [Theory]
    [InlineData("", 10, 1, "ConnectionString")]
    [InlineData("Host=db", 0, 1, "MaxPoolSize is 0")]
    [InlineData("Host=db", 10, 0, "JobExpiration is 00:00:00")]
    [InlineData("Host=db", 10, 4000, "JobExpiration is 4000.00:00:00; it must be between 00:01:00 and 3650 days")]
    [InlineData("Host=db", 10, 1, "DistributedLockTimeout is 00:00:00", 0)]
    public void An_option_without_sense_is_refused_by_its_name(string connectionString, int poolSize, int days, string expected, int lockMinutes = 10) =>
        Should.Throw<ArgumentException>(() => new ServiceCollection().AddJobRunner().UsePostgres(connectionString, options =>
        {
            options.MaxPoolSize = poolSize;
            options.JobExpiration = TimeSpan.FromDays(days);
            options.DistributedLockTimeout = TimeSpan.FromMinutes(lockMinutes);
        })).Message.ShouldContain(expected);
}
