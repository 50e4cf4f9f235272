using System.Text.Json;
using JobRunner.TestSupport;

namespace JobRunner.Worker.Tests;

/// <summary>The benchmark program, as people run it, but with few jobs; where it needs a database it starts a server of its own.</summary>
public sealed class BenchmarksTests
{
    static readonly TimeSpan _patience = TimeSpan.FromMinutes(2);

    public static TheoryData<string> Scenarios =>
        ["throughput", "enqueue", "latency", "io", "threads", "sandbox", "call", "mixed", "exclusive", "backlog", "bloat", "idle", "fleet", "scale", "payload", "bulk"];

    [Theory(Timeout = 60_000)]
    [MemberData(nameof(Scenarios))]
    public async Task Every_scenario_explains_its_options(string scenario)
    {
        await using var help = ProductProcess.Start("Benchmarks", [scenario, "--help"]);

        (await help.ExitAsync()).ShouldBe(0, help.Output);
        help.Output.ShouldContain($"Benchmarks {scenario} [options]");
    }

    [Theory(Timeout = 60_000)]
    [InlineData("throughput --in-memory --jobs 2000")]
    [InlineData("throughput --in-memory --jobs 2000 --busy 1")]
    [InlineData("enqueue --in-memory --mode single --jobs 2000")]
    public async Task The_last_line_is_one_JSON_object_with_the_rate(string arguments)
    {
        await using var run = ProductProcess.Start("Benchmarks", arguments.Split(' '));

        (await run.ExitAsync()).ShouldBe(0, run.Output);
        using var json = JsonDocument.Parse(run.Output.Trim().Split('\n')[^1]);
        json.RootElement.GetProperty("jobs").GetInt32().ShouldBe(2000);
        json.RootElement.GetProperty("per_second").GetDouble().ShouldBeGreaterThan(0);
    }

    [Theory(Timeout = 150_000)]
    [InlineData("throughput --jobs 2500 --runs 2", 2)]
    [InlineData("enqueue --jobs 300 --batch 100", 1)]
    [InlineData("enqueue --mode single --jobs 300 --callers 8", 1)]
    public async Task Beside_the_rate_stands_what_a_bare_program_reaches_on_the_same_tables(string arguments, int runs)
    {
        using var json = await RunAsync(arguments);

        json.RootElement.GetProperty("limit_per_second").GetDouble().ShouldBeGreaterThan(0);
        json.RootElement.GetProperty("ratios").GetArrayLength().ShouldBe(runs);
        json.RootElement.GetProperty("ratio_to_limit").GetDouble().ShouldBeGreaterThan(0);
    }

    [Fact(Timeout = 150_000)]
    public async Task The_limit_can_be_left_out()
    {
        using var json = await RunAsync("throughput --jobs 100 --no-limit");

        json.RootElement.TryGetProperty("ratio_to_limit", out _).ShouldBeFalse();
    }

    [Theory(Timeout = 150_000)]
    [InlineData("")]
    [InlineData(" --pgbouncer --server-connections 5")]
    public async Task A_fleet_runs_all_jobs_of_a_steady_load(string more)
    {
        using var json = await RunAsync("fleet --workers 3 --rate 50 --seconds 1 --idle-seconds 1" + more);

        json.RootElement.GetProperty("workers").GetInt32().ShouldBe(3);
        json.RootElement.GetProperty("jobs").GetInt32().ShouldBe(50);
        json.RootElement.GetProperty("p99_ms").GetDouble().ShouldBeGreaterThan(0);
        json.RootElement.GetProperty("empty_claims_per_job").GetDouble().ShouldBeGreaterThanOrEqualTo(0);
        json.RootElement.GetProperty("ratio").GetDouble().ShouldBeGreaterThan(0);
        if (more.Length > 0)
            json.RootElement.GetProperty("connections").GetInt32().ShouldBeInRange(1, 5);
    }

    [Theory(Timeout = 150_000)]
    [InlineData("many")]
    [InlineData("one")]
    public async Task Jobs_behind_many_that_wait_for_a_resource_begin(string keys)
    {
        using var json = await RunAsync($"exclusive --waiting 1500 --jobs 20 --others 3 --workers 2 --seconds 1 --keys {keys}");

        json.RootElement.GetProperty("jobs").GetInt32().ShouldBe(20);
        json.RootElement.GetProperty("others").GetInt32().ShouldBe(3);
    }

    [Fact(Timeout = 150_000)]
    public async Task A_loaded_database_is_compared_with_an_empty_one()
    {
        using var json = await RunAsync("scale --finished 500 --queues 3 --recurring 6 --waiting 200 --payload 1000 --batch 10 --operations 3");

        foreach (var operation in new[] { "look", "recurring", "claim", "commit", "list", "counts", "expire" })
            json.RootElement.GetProperty($"{operation}_ratio").GetDouble().ShouldBeGreaterThan(0);
    }

    [Theory(Timeout = 60_000)]
    [InlineData("enqueue --mode foo", "foo")]
    [InlineData("throughput --jobs -1", "--jobs is -1: it must be at least 1.")]
    [InlineData("io --in-memory --postgres Host=nowhere", "exclude each other")]
    public async Task An_option_that_makes_no_sense_is_refused_with_a_reason(string arguments, string told)
    {
        await using var run = ProductProcess.Start("Benchmarks", arguments.Split(' '));

        (await run.ExitAsync()).ShouldBe(1, run.Output);
        run.Output.ShouldContain(told);
    }

    // The heap has 192 MB, and all of these arguments together have more, as texts; what is resident is that heap and some 90 MB of .NET itself.
    [Theory(Timeout = 150_000)]
    [InlineData("--jobs 40 --lane async --content repeated")]
    [InlineData("--jobs 20 --lane sandbox --content random")]
    public async Task A_worker_with_little_memory_runs_jobs_with_long_arguments(string arguments)
    {
        using var json = await RunAsync($"payload --megabytes 6 --limit 256 {arguments}");

        json.RootElement.GetProperty("peak_rss_mib").GetDouble().ShouldBeInRange(20, 340);
    }

    [Fact(Timeout = 150_000)]
    public async Task Many_long_jobs_are_added_requeued_and_deleted_in_little_memory()
    {
        using var json = await RunAsync("bulk --jobs 5000 --kilobytes 20", ("DOTNET_GCHeapHardLimit", "6000000"));

        foreach (var what in new[] { "add", "requeue", "delete" })
            json.RootElement.GetProperty($"{what}_rss_mib").GetDouble().ShouldBeGreaterThan(0);
    }

    static async Task<JsonDocument> RunAsync(string arguments, params (string Name, string Value)[] environment)
    {
        await using var run = ProductProcess.Start("Benchmarks", arguments.Split(' '), environment.ToDictionary(set => set.Name, set => set.Value));
        (await run.ExitAsync(_patience)).ShouldBe(0, run.Output);
        return JsonDocument.Parse(run.Output.Trim().Split('\n')[^1]);
    }
}
