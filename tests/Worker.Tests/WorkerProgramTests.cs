using JobRunner.TestSupport;
using Microsoft.Extensions.DependencyInjection;
using Shop.Contracts;

namespace JobRunner.Worker.Tests;

/// <summary>The executable, as people deploy it: PostgreSQL behind it, and jobs from an assembly that it was not built with.</summary>
public sealed class WorkerProgramTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);

    static string JobAssembly => typeof(StaticJobs).Assembly.Location;

    IJobClient Client { get; } = NewClient(postgres.ConnectionString);

    [Fact(Timeout = 120_000)]
    public async Task It_runs_jobs_of_an_assembly_named_in_its_settings_in_both_lanes()
    {
        await using var worker = Start();

        var inProcess = await Client.EnqueueAsync(() => StaticJobs.EchoAsync("async"));
        var sandboxed = await Client.EnqueueAsync(() => StaticJobs.Echo("sync"));

        (await Client.WaitAsync<string>(inProcess, _patience)).ShouldBe("async", worker.Output);
        (await Client.WaitAsync<string>(sandboxed, _patience)).ShouldBe("sync", worker.Output);
        await using var health = Start(["health"], postgres.ConnectionString);
        (await health.ExitAsync()).ShouldBe(0);
        health.Output.Trim().ShouldBe("healthy");
    }

    [Fact(Timeout = 120_000)]
    public async Task A_terminated_worker_stops_gracefully_and_gives_its_job_back()
    {
        await using var worker = Start(("JobRunner__Worker__ShutdownGrace", "00:00:00"));
        var id = await Client.EnqueueAsync(() => StaticJobs.Sleep(600_000, default));
        await Eventually.HoldsAsync(async () => (await Client.GetAsync(id))!.State!.Name == "Processing", _patience);

        (await worker.TerminateAsync()).ShouldBe(0, worker.Output);

        worker.Output.ShouldContain("Stopped");
        (await Client.GetAsync(id))!.Parameters.Keys.ShouldNotContain("RetryCount");
        await using var next = Start();
        await Eventually.HoldsAsync(async () => (await Client.GetAsync(id))!.History.Count(state => state.Name == "Processing") == 2, 2 * _patience,
            "it runs again", () => $"{worker.Output}\n{next.Output}");
        await Client.DeleteAsync(id);
    }

    [Fact(Timeout = 120_000)]
    public async Task The_jobs_of_a_worker_that_was_killed_run_elsewhere()
    {
        (string, string)[] quick =
        [
            ("JobRunner__Worker__RescueAfter", "00:00:02"), ("JobRunner__Worker__HeartbeatInterval", "00:00:00.5"),
            ("JobRunner__Worker__LeaseInterval", "00:00:00.5"),
        ];
        var killed = Start(quick);
        var id = await Client.EnqueueAsync(() => StaticJobs.Sleep(1500, default));
        await Eventually.HoldsAsync(async () => (await Client.GetAsync(id))!.State!.Name == "Processing", _patience);

        await killed.DisposeAsync(); // kill -9

        await using var next = Start(quick);
        await Client.WaitAsync(id, _patience);
        (await Client.GetAsync(id))!.History.Count(state => state.Name == "Succeeded").ShouldBe(1);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_worker_that_is_told_to_stop_while_it_starts_ends_as_any_other()
    {
        await using var other = await StartBarrier.CloseAsync(postgres.ConnectionString);
        await using var worker = Start();
        await other.HasComeAsync();

        (await worker.TerminateAsync()).ShouldBe(0, worker.Output);

        worker.Output.ShouldNotContain("   at ");
    }

    [Fact(Timeout = 120_000)]
    public async Task Whenever_a_worker_is_told_to_stop_it_ends_without_an_error()
    {
        foreach (var after in new[] { 50, 150, 300, 450, 600, 900, 1300 })
        {
            await using var worker = Start();
            await Task.Delay(TimeSpan.FromMilliseconds(after), TimeProvider.System);
            // Before .NET itself has begun, the signal ends the process.
            (await worker.TerminateAsync()).ShouldBeOneOf(0, 128 + 15);
            worker.Output.Contains("   at ", StringComparison.Ordinal).ShouldBeFalse($"after {after} ms: {worker.Output}");
        }
    }

    [Theory(Timeout = 60_000)]
    [InlineData(null, null, "JobRunner__Postgres")]
    [InlineData("Host=127.0.0.1;Port=1;Username=nobody;Database=none;Timeout=2", null, "cannot start")]
    [InlineData("Host=127.0.0.1", "/no/such/Jobs.dll", "'/no/such/Jobs.dll' (setting JobRunner:JobAssemblies)")]
    public async Task What_keeps_it_from_starting_is_told_in_a_sentence(string? connectionString, string? assembly, string told)
    {
        (string, string)[] settings = assembly is null ? [] : [("JobRunner__JobAssemblies__0", assembly)];
        await using var program = Start([], connectionString, settings);

        (await program.ExitAsync()).ShouldBe(1, program.Output);
        program.Output.ShouldContain(told);
        program.Output.ShouldNotContain("   at ");
    }

    internal static IJobClient NewClient(string connectionString)
    {
        var services = new ServiceCollection();
        services.AddJobRunner().UsePostgres(connectionString);
        var provider = services.BuildServiceProvider();
        provider.GetRequiredService<Storage.IJobStore>().InitializeAsync(default).GetAwaiter().GetResult();
        return provider.GetRequiredService<IJobClient>();
    }

    ProductProcess Start(params (string Name, string Value)[] settings) =>
        Start([], postgres.ConnectionString, [.. settings, ("JobRunner__JobAssemblies__0", JobAssembly)]);

    static ProductProcess Start(string[] arguments, string? connectionString, params (string Name, string Value)[] settings)
    {
        var environment = settings.ToDictionary(setting => setting.Name, setting => setting.Value);
        if (connectionString is not null)
            environment.Add("JobRunner__Postgres", connectionString);
        return ProductProcess.Start("JobRunner.Worker", arguments, environment);
    }
}
