using System.Text.Json;
using JobRunner.TestSupport;

namespace JobRunner.Worker.Tests;

/// <summary>The benchmark program, as people run it: with few jobs, and without a database.</summary>
public sealed class BenchmarksTests
{
    public static TheoryData<string> Scenarios =>
        ["throughput", "enqueue", "latency", "io", "threads", "sandbox", "call", "mixed", "backlog", "bloat", "idle"];

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
    [InlineData("enqueue --in-memory --mode single --jobs 2000")]
    public async Task The_last_line_is_one_JSON_object_with_the_rate(string arguments)
    {
        await using var run = ProductProcess.Start("Benchmarks", arguments.Split(' '));

        (await run.ExitAsync()).ShouldBe(0, run.Output);
        using var json = JsonDocument.Parse(run.Output.Trim().Split('\n')[^1]);
        json.RootElement.GetProperty("jobs").GetInt32().ShouldBe(2000);
        json.RootElement.GetProperty("per_second").GetDouble().ShouldBeGreaterThan(0);
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
}
