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
        var few = BenchOptions.Number("--few", "How many jobs wait in one database", 10_000);
        var many = BenchOptions.Number("--many", "How many wait in the other one", 1_000_000);
        var finished = BenchOptions.Number("--finished", "How many finished jobs are in the tables of both, inserted before the others", 0, least: 0);
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
        var command = new Command("backlog", "The time of a claim with few and with many jobs waiting, by turns (medians), and its ratio") { few, many, finished, counts, claims, postgres };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var small = await PostgresBenchStore.OpenAsync(parsed.GetValue(postgres));
            await using var large = await small.CreateSecondAsync();
            await FillAsync(small, parsed.GetValue(few), parsed.GetValue(finished), cancellationToken);
            await FillAsync(large, parsed.GetValue(many), parsed.GetValue(finished), cancellationToken);
            var report = new Report("backlog", small)
                .Add("few", parsed.GetValue(few)).Add("many", parsed.GetValue(many)).Add("finished", parsed.GetValue(finished));
            return await RunAsync(report, small, large, parsed.GetValue(counts)!, parsed.GetValue(claims), cancellationToken);
        });
        return command;
    }

    static async Task FillAsync(PostgresBenchStore store, int waiting, int finished, CancellationToken cancellationToken)
    {
        await Drain.RunAsync(store, () => BenchHost.Build(store), JobCall.Of(() => BenchJobs.NoOpAsync()), 1, cancellationToken);
        var rows = await HangfireRows.LikeNewestAsync(store.ConnectionString);
        await rows.AddFinishedAsync(finished);
        await rows.AddWaitingAsync(waiting);
        await Sql.ExecuteAsync(store.ConnectionString, "vacuum analyze");
    }

    static async Task<int> RunAsync(
        Report report, PostgresBenchStore small, PostgresBenchStore large, int[] counts, int claims, CancellationToken cancellationToken)
    {
        // Never started: nobody else claims.
        await using var few = BenchHost.Build(small);
        await using var many = BenchHost.Build(large);
        var measured = new List<(int Claim, Percentiles Few, Percentiles Many)>();
        foreach (var count in counts)
            measured.Add(await MeasureAsync(few.Store, many.Store, count, claims, cancellationToken));
        foreach (var (count, a, b) in measured)
            report.Say($"a claim of {count:N0} jobs takes {a.P50:0.00} ms with few waiting, {b.P50:0.00} ms with many (p99: {a.P99:0.00} and {b.P99:0.00} ms)");
        return await report
            .Add("claims", new JsonArray([.. measured.Select(m => ToJson(m.Claim, m.Few, m.Many))]))
            .Add("ratio", measured.Max(m => m.Many.P50 / m.Few.P50), 3)
            .WriteAsync();
    }

    // By turns, so that whatever else the machine does meets both alike.
    static async Task<(int Claim, Percentiles Few, Percentiles Many)> MeasureAsync(
        IJobStore few, IJobStore many, int count, int claims, CancellationToken cancellationToken)
    {
        List<double> withFew = [], withMany = [];
        for (var i = -Discarded; i < claims; i++)
        {
            var (a, b) = (await ClaimAsync(few, count, cancellationToken), await ClaimAsync(many, count, cancellationToken));
            if (i < 0)
                continue;
            withFew.Add(a);
            withMany.Add(b);
        }

        return (count, new(withFew), new(withMany));
    }

    static async Task<double> ClaimAsync(IJobStore store, int count, CancellationToken cancellationToken)
    {
        var started = TimeProvider.System.GetTimestamp();
        var claimed = await store.Queue.ClaimAsync(_queues, count, cancellationToken);
        var took = TimeProvider.System.GetElapsedTime(started).TotalMilliseconds;
        await store.Queue.ReleaseAsync([.. claimed.Select(job => job.Claim)], cancellationToken);
        return took;
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
