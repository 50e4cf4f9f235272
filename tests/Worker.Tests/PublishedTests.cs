using JobRunner.TestSupport;

namespace JobRunner.Worker.Tests;

/// <summary>The four executables as they are shipped: what <c>dotnet publish</c> makes of them runs.</summary>
public sealed class PublishedTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    static readonly TimeSpan _patience = TimeSpan.FromSeconds(60);

    [Theory(Timeout = 300_000)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_worker_runs_sandboxed_jobs_and_tells_where_a_job_was_that_it_killed(bool readyToRun)
    {
        using var published = readyToRun ? await Publication.ReadyToRunOfAsync("src", "Worker") : await Publication.OfAsync("src", "Worker");
        await using var worker = published.Start("JobRunner.Worker", [], new Dictionary<string, string>
        {
            ["JobRunner__Postgres"] = postgres.ConnectionString,
            ["JobRunner__JobAssemblies__0"] = typeof(ScriptedJobs).Assembly.Location,
            ["JobRunner__Sandbox__TimeLimit"] = "00:00:02",
        });
        var client = WorkerProgramTests.NewClient(postgres.ConnectionString);

        var sandboxed = await client.EnqueueAsync(() => ScriptedJobs.Echo("from a sandbox"));
        (await client.WaitAsync<string>(sandboxed, _patience))!.ShouldContain("from a sandbox", customMessage: worker.Output);

        string told;
        var tries = 0;
        do
        {
            var id = await client.EnqueueAsync(() => ScriptedJobs.Spin(null));
            told = (await Should.ThrowAsync<JobFailedException>(() => client.WaitAsync(id, _patience))).Info.Details;
        }
        while (!told.Contains("Where its threads were:", StringComparison.Ordinal) && ++tries < 12); // a machine that is busy with other things may be late
        told.ShouldContain("time limit of 2 s");
        told.ShouldContain("ScriptedJobs.Spin(", customMessage: told);
        (await worker.TerminateAsync()).ShouldBe(0, worker.Output);
    }

    [Fact(Timeout = 120_000)]
    public async Task The_dashboard_answers()
    {
        using var published = await Publication.OfAsync("src", "Dashboard");
        var url = $"http://127.0.0.1:{ProductProcess.FreePort()}";
        await using var dashboard = published.Start("JobRunner.Dashboard", [], new Dictionary<string, string>
        {
            ["JobRunner__Postgres"] = postgres.ConnectionString,
            ["JobRunner__Dashboard__Urls"] = url,
        });
        using var http = new HttpClient { BaseAddress = new(url), Timeout = TimeSpan.FromSeconds(10) };

        await dashboard.WaitUntilAsync(async () => (await http.GetAsync("/health/live")).IsSuccessStatusCode);
        (await http.GetStringAsync("/jobs")).ShouldContain("<title>Overview");
        (await dashboard.TerminateAsync()).ShouldBe(0, dashboard.Output);
    }

    [Fact(Timeout = 180_000)]
    public async Task QuickStart_runs_its_demo_and_finds_its_reader_of_stacks()
    {
        using var published = await Publication.OfAsync("samples", "QuickStart");
        await using var demo = published.Start("QuickStart", ["--demo", "--exit", "--url", $"http://127.0.0.1:{ProductProcess.FreePort()}"]);

        (await demo.ExitAsync(TimeSpan.FromSeconds(90))).ShouldBe(0, demo.Output);
        demo.Output.ShouldMatch("render images +4 jobs +4 Succeeded");
        demo.Output.ShouldMatch("spin for ever +1 jobs +1 Failed .* time limit of 2 s");
        File.Exists(published.PathOf("stacks", "Microsoft.Diagnostics.Runtime.dll")).ShouldBeTrue();
    }

    [Fact(Timeout = 120_000)]
    public async Task SandboxAlone_runs_to_its_end()
    {
        using var published = await Publication.OfAsync("samples", "SandboxAlone");
        var output = await RunSampleAsync(published);
        // Stacks are read from outside within a second, just before the kill; a machine that does much else may take longer.
        for (var again = 0; again < 3 && !output.Contains("Numbers.LoopForEver()", StringComparison.Ordinal); again++)
            output = await RunSampleAsync(published);

        output.ShouldContain("Primes below a million: 78498");
        output.ShouldContain("Numbers.LoopForEver()");
        output.ShouldContain("A recursion without an end: Crash");
        output.ShouldContain("Memory without an end: MemoryLimit");
    }

    static async Task<string> RunSampleAsync(Publication published)
    {
        await using var sample = published.Start("SandboxAlone", []);
        (await sample.ExitAsync(_patience)).ShouldBe(0, sample.Output);
        return sample.Output;
    }

    [Fact(Timeout = 120_000)]
    public async Task The_sandbox_published_alone_has_its_reader_of_stacks()
    {
        using var published = await Publication.OfAsync("src", "Sandbox");
        File.Exists(published.PathOf("stacks", "Microsoft.Diagnostics.Runtime.dll")).ShouldBeTrue();
    }
}
