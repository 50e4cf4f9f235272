using System.CommandLine;
using System.Text.Json.Nodes;
using JobRunner.Sandbox;
using Microsoft.Extensions.DependencyInjection;

namespace JobRunner.Benchmarks;

/// <summary>The sandbox pool alone, without a store: how long a call takes there and back, and how long the first one.</summary>
static class CallScenario
{
    const int WarmUpCalls = 5000;

    public static Command Command()
    {
        var calls = BenchOptions.Number("--calls", "How many warm calls, one after the other", 20_000);
        var starts = BenchOptions.Number("--starts", "How many cold starts, each of a new pool", 5);
        var command = new Command("call", "No-op calls of the sandbox pool, without a queue: the warm round trip, and from the pool's start to the first result") { calls, starts };
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed.GetValue(calls), parsed.GetValue(starts), cancellationToken));
        return command;
    }

    static async Task<int> RunAsync(int calls, int starts, CancellationToken cancellationToken)
    {
        var cold = new List<double>(starts);
        while (cold.Count < starts)
            cold.Add(await StartAsync(cancellationToken));

        await using var services = Services();
        var pool = services.GetRequiredService<ISandboxPool>();
        var call = new SandboxCall(pool.Arguments.ToInvocation(JobCall.Of(() => BenchJobs.NoOp())));
        for (var i = 0; i < WarmUpCalls; i++)
            await TimeAsync(pool, call, cancellationToken);
        var started = TimeProvider.System.GetTimestamp();
        var warm = new List<double>(calls);
        while (warm.Count < calls)
            warm.Add((await TimeAsync(pool, call, cancellationToken)).TotalMicroseconds);
        var (round, seconds) = (new Percentiles(warm), TimeProvider.System.GetElapsedTime(started).TotalSeconds);

        return await new Report("call", null).Add("calls", calls)
            .Say($"a warm call takes {round.P50:0.0} µs (p50), {round.P99:0.0} µs (p99)").Add("p50_us", round.P50).Add("p99_us", round.P99)
            .Add("per_second", calls / seconds)
            .Say($"from the pool's start to the first result {new Percentiles(cold).P50:0} ms (median of {starts})")
            .Add("cold_start_ms", new Percentiles(cold).P50)
            .Add("cold_starts_ms", new JsonArray([.. cold.Select(time => JsonValue.Create(Math.Round(time, 1)))]))
            .WriteAsync();
    }

    static async Task<double> StartAsync(CancellationToken cancellationToken)
    {
        await using var services = Services();
        var pool = services.GetRequiredService<ISandboxPool>();
        var call = new SandboxCall(pool.Arguments.ToInvocation(JobCall.Of(() => BenchJobs.NoOp())));
        var started = TimeProvider.System.GetTimestamp();
        await pool.StartAsync(cancellationToken);
        await TimeAsync(pool, call, cancellationToken);
        return TimeProvider.System.GetElapsedTime(started).TotalMilliseconds;
    }

    static async Task<TimeSpan> TimeAsync(ISandboxPool pool, SandboxCall call, CancellationToken cancellationToken)
    {
        var started = TimeProvider.System.GetTimestamp();
        var end = await pool.RunAsync(call, cancellationToken);
        return end is SandboxEnd.Returned
            ? TimeProvider.System.GetElapsedTime(started)
            : throw new InvalidOperationException($"A call did not return: {end}");
    }

    static ServiceProvider Services()
    {
        var services = new ServiceCollection();
        services.AddJobRunner(options => options.JobAssemblies.Add(typeof(BenchJobs).Assembly));
        services.AddSandboxPool(options => (options.Minimum, options.Maximum) = (1, 1));
        return services.BuildServiceProvider();
    }
}
