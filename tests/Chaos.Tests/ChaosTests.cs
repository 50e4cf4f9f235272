using JobRunner.TestSupport;
using Xunit.Abstractions;

namespace JobRunner.Chaos.Tests;

/// <summary>The two minutes of chaos that every build has. Longer runs, other seeds and how to read what they tell: docs/chaos.md.</summary>
public sealed class ChaosTests(ITestOutputHelper output)
{
    [Theory(Timeout = 420_000)]
    [InlineData("--seed 1 --minutes 1 --jobs 3000")]
    [InlineData("--seed 2 --minutes 0.3 --jobs 1000 --pgbouncer --only KillWorker CutAnswers CutRequests RestartServer CrashServer TerminateBackends")]
    public async Task No_job_is_lost_and_none_runs_twice_without_its_cause(string arguments)
    {
        await using var chaos = ProductProcess.Start("Chaos", arguments.Split(' '));

        var exitCode = await chaos.ExitAsync(TimeSpan.FromMinutes(6));

        output.WriteLine(chaos.Output);
        exitCode.ShouldBe(0, chaos.Output);
        chaos.Output.ShouldContain("All invariants hold.");
    }
}
