using System.CommandLine;
using System.Text.Json.Nodes;
using JobRunner.Storage;
using JobRunner.TestSupport;

namespace JobRunner.Benchmarks;

/// <summary>What a claim costs when few and when many jobs wait, and how much finished history lies beside them.</summary>
static class BacklogScenario
{
    const int Discarded = 5; // the first ones, in which statements are prepared

    static readonly string[] _queues = ["default"];

    public static Command Command()
    {
        var few = BenchOptions.Number("--few", "How many jobs wait at first", 10_000);
        var many = BenchOptions.Number("--many", "How many wait then", 1_000_000);
        var finished = BenchOptions.Number("--finished", "How many finished jobs are in the tables from the beginning", 0, least: 0);
        var counts = new Option<int[]>("--claim")
        {
            Description = "How many jobs one claim takes; several numbers are measured one after the other",
            AllowMultipleArgumentsPerToken = true,
            DefaultValueFactory = _ => [100, 1000],
        };
        counts.Validators.Add(result =>
        {
            if (result.Tokens.Any(token => int.TryParse(token.Value, out var count) && count < 1))
                result.AddError("--claim: each number must be at least 1.");
        });
        var claims = BenchOptions.Number("--claims", "How many claims are timed for each number; what they took is given back in between", 100);
        var postgres = BenchOptions.Postgres();
        var command = new Command("backlog", "The time of a claim with few and with many jobs waiting (medians), and its ratio") { few, many, finished, counts, claims, postgres };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var store = await PostgresBenchStore.OpenAsync(parsed.GetValue(postgres));
            return await RunAsync(
                store, parsed.GetValue(few), parsed.GetValue(many), parsed.GetValue(finished), parsed.GetValue(counts)!, parsed.GetValue(claims), cancellationToken);
        });
        return command;
    }

    static async Task<int> RunAsync(
        PostgresBenchStore store, int few, int many, int finished, int[] counts, int claims, CancellationToken cancellationToken)
    {
        await Drain.RunAsync(store, () => BenchHost.Build(store), JobCall.Of(() => BenchJobs.NoOpAsync()), 1, cancellationToken);
        var rows = await HangfireRows.LikeNewestAsync(store.ConnectionString);
        await rows.AddFinishedAsync(finished);
        await using var host = BenchHost.Build(store); // never started: nobody else claims
        var withFew = await MeasureAsync(few);
        var withMany = await MeasureAsync(many - few);
        var report = new Report("backlog", store).Add("few", few).Add("many", many).Add("finished", finished);
        foreach (var (count, a, b) in counts.Zip(withFew, withMany))
            report.Say($"a claim of {count:N0} jobs takes {a.P50:0.00} ms with {few:N0} waiting, {b.P50:0.00} ms with {many:N0} (p99: {a.P99:0.00} and {b.P99:0.00} ms)");
        return await report
            .Add("claims", new JsonArray([.. counts.Zip(withFew, withMany).Select(measured => ToJson(measured.First, measured.Second, measured.Third))]))
            .Add("ratio", withFew.Zip(withMany, (a, b) => b.P50 / a.P50).Max(), 3)
            .WriteAsync();

        async Task<List<Percentiles>> MeasureAsync(int more)
        {
            await rows.AddWaitingAsync(more);
            await Sql.ExecuteAsync(store.ConnectionString, "vacuum analyze");
            var measured = new List<Percentiles>();
            foreach (var count in counts)
                measured.Add(await ClaimAsync(host.Store, count, claims, cancellationToken));
            return measured;
        }
    }

    static async Task<Percentiles> ClaimAsync(IJobStore store, int count, int claims, CancellationToken cancellationToken)
    {
        var times = new List<double>(claims);
        for (var i = -Discarded; i < claims; i++)
        {
            var started = TimeProvider.System.GetTimestamp();
            var claimed = await store.ClaimAsync(_queues, count, cancellationToken);
            if (i >= 0)
                times.Add(TimeProvider.System.GetElapsedTime(started).TotalMilliseconds);
            await store.ReleaseAsync([.. claimed.Select(job => job.Claim)], cancellationToken);
        }

        return new(times);
    }

    static JsonObject ToJson(int count, Percentiles few, Percentiles many) => new()
    {
        ["claim"] = count,
        ["few_p50_ms"] = Math.Round(few.P50, 3),
        ["few_p99_ms"] = Math.Round(few.P99, 3),
        ["many_p50_ms"] = Math.Round(many.P50, 3),
        ["many_p99_ms"] = Math.Round(many.P99, 3),
        ["ratio"] = Math.Round(many.P50 / few.P50, 3),
    };
}
