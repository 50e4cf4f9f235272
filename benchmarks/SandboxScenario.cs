using System.CommandLine;

namespace JobRunner.Benchmarks;

/// <summary>No-op jobs through the queue, each in a sandbox.</summary>
static class SandboxScenario
{
    static readonly JobCall _call = JobCall.Of(() => BenchJobs.NoOp());

    public static Command Command()
    {
        var jobs = BenchOptions.Jobs(20_000);
        var children = BenchOptions.Number("--children", "How many sandboxes", 2);
        var runs = BenchOptions.Runs();
        var command = new Command("sandbox", "No-op jobs in sandboxes, enqueued beforehand: jobs per second from the first claim until all are committed") { jobs, children, runs };
        var store = new StoreChoice(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var opened = await store.OpenAsync(parsed);
            return await RunAsync(opened, parsed.GetValue(jobs), parsed.GetValue(children), parsed.GetValue(runs), cancellationToken);
        });
        return command;
    }

    static async Task<int> RunAsync(BenchStore store, int jobs, int children, int runs, CancellationToken cancellationToken)
    {
        var verified = "";
        var (drain, all) = await Runs.RepeatAsync(runs, async () =>
        {
            var drain = await Drain.WarmedAsync(store, () => BenchHost.Build(store, children: children), _call, _call, jobs, cancellationToken);
            verified = await store.VerifyHistoryAsync(jobs);
            return drain;
        }, drain => jobs / drain.FromFirstClaim.TotalSeconds);
        return await new Report("sandbox", store).Add("children", children)
            .AddRate(jobs, drain.FromFirstClaim).AddAll(all).AddUsage(drain.Usage, jobs).Say($"{verified}")
            .WriteAsync();
    }
}
