using System.Net;
using JobRunner.Dashboard.Tests.Support;
using JobRunner.Storage;
using JobRunner.TestSupport;
using Microsoft.Extensions.DependencyInjection;

namespace JobRunner.Dashboard.Tests;

/// <summary>The executable, as people deploy it: with PostgreSQL behind it.</summary>
public sealed class ProgramTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task Without_a_database_it_names_the_setting_and_ends()
    {
        await using var program = Start([]);

        (await program.ExitAsync()).ShouldBe(1);
        program.Output.ShouldContain("JobRunner__Postgres");
        program.Output.ShouldNotContain("   at ");
    }

    [Theory]
    [InlineData("Host=127.0.0.1;Port=1;Username=nobody;Database=none;Timeout=2")]
    [InlineData("Hosst=db")]
    [InlineData("not a connection string")]
    public async Task A_database_that_cannot_be_used_is_told_in_a_sentence(string connectionString)
    {
        await using var program = Start(new() { ["JobRunner__Postgres"] = connectionString });

        (await program.ExitAsync()).ShouldBe(1);
        program.Output.ShouldContain("cannot start");
        program.Output.ShouldNotContain("   at ");
    }

    [Fact(Timeout = 60_000)]
    public async Task One_that_is_told_to_stop_while_it_starts_ends_as_any_other()
    {
        await using var other = await StartBarrier.CloseAsync(postgres.ConnectionString);
        await using var program = Start(new() { ["JobRunner__Postgres"] = postgres.ConnectionString });
        await other.HasComeAsync();

        (await program.TerminateAsync()).ShouldBe(0, program.Output);

        program.Output.ShouldNotContain("   at ");
    }

    [Fact]
    public async Task It_shows_the_jobs_in_the_database()
    {
        var port = ProductProcess.FreePort();
        await using var program = Start(new()
        {
            ["JobRunner__Postgres"] = postgres.ConnectionString,
            ["JobRunner__Dashboard__Urls"] = $"http://127.0.0.1:{port}",
        });
        using var http = new HttpClient { BaseAddress = new($"http://127.0.0.1:{port}"), Timeout = TimeSpan.FromSeconds(10) };
        await program.WaitUntilAsync(async () => (await http.GetAsync("/health/live")).IsSuccessStatusCode);
        (await http.GetStringAsync("/health/ready")).ShouldBe("Healthy");

        var ids = await FillAsync();

        foreach (var (state, id) in ids)
        {
            (await http.GetStringAsync("/jobs/" + state)).ShouldContain($"href=\"/jobs/{id}\"");
            (await http.GetStringAsync($"/jobs/{id}")).ShouldContain($">{state}</span>");
        }

        (await http.GetStringAsync("/hangfire/jobs/failed")).ShouldContain("<title>Overview");
        using var missing = await http.GetAsync("/jobs/999999999");
        missing.StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task It_lets_others_in_only_when_told_and_answers_for_its_health()
    {
        var port = ProductProcess.FreePort();
        var settings = new Dictionary<string, string>
        {
            ["JobRunner__Postgres"] = postgres.ConnectionString,
            ["JobRunner__Dashboard__Urls"] = $"http://+:{port}",
            ["JobRunner__Dashboard__AllowRemote"] = "true",
        };
        await using var before = Start(settings, "health");
        (await before.ExitAsync()).ShouldBe(1);
        await using var program = Start(settings);
        using var http = new HttpClient { BaseAddress = new($"http://127.0.0.1:{port}"), Timeout = TimeSpan.FromSeconds(10) };
        http.DefaultRequestHeaders.Host = "jobs.example";
        await program.WaitUntilAsync(async () => (await http.GetAsync("/jobs")).IsSuccessStatusCode);

        await using var health = Start(settings, "health");
        (await health.ExitAsync()).ShouldBe(0);
        health.Output.ShouldContain("Healthy");
        program.Output.ShouldContain("JobRunner:Dashboard:AllowRemote is true");
    }

    async Task<IReadOnlyDictionary<string, long>> FillAsync()
    {
        var services = new ServiceCollection();
        services.AddJobRunner().UsePostgres(postgres.ConnectionString);
        await using var provider = services.BuildServiceProvider();
        var store = provider.GetRequiredService<IJobStore>();
        await store.InitializeAsync(default);
        var given = new Given(store);
        var ids = new Dictionary<string, long>();
        foreach (var state in JobStates.All)
            ids.Add(state, await given.JobAsync(state));
        return ids;
    }

    static ProductProcess Start(Dictionary<string, string> environment, params string[] arguments) =>
        ProductProcess.Start("JobRunner.Dashboard", arguments, environment);
}
