using System.CommandLine;
using JobRunner.Sandbox;

namespace JobRunner.Benchmarks;

/// <summary>How soon async jobs begin while every sandbox is busy and more sandbox jobs wait in front of them in the same queue.</summary>
static class MixedScenario
{
    const string Cpu = "cpu";
    const string Wait = "wait";
    const int WarmUpJobs = 50;

    static readonly TimeSpan _patience = TimeSpan.FromSeconds(20);
    static readonly TimeSpan _look = TimeSpan.FromMilliseconds(10);

    public static Command Command()
    {
        var jobs = BenchOptions.Jobs(200);
        var pause = BenchOptions.Number("--pause-ms", "How long to wait before each async job, in milliseconds: 0 to twice as long at random", 100);
        var children = BenchOptions.Number("--children", "How many sandboxes", 2);
        var backlog = BenchOptions.Number("--backlog", "How many sandbox jobs are enqueued before the async ones of the second phase", 20_000);
        var busy = BenchOptions.Number("--busy-ms", "How long each sandbox job takes, in milliseconds", 20);
        var work = BenchOptions.Choice("--work", "What the sandbox jobs do: 'cpu' keeps a processor busy, 'wait' leaves them to others", Cpu, Wait);
        var command = new Command("mixed", "Async jobs alone, then the same with saturated sandboxes: pick-up times from the enqueueing call's start, and the ratio of their p99")
        {
            jobs, pause, children, backlog, busy, work,
        };
        var store = new StoreChoice(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var opened = await store.OpenAsync(parsed);
            var length = parsed.GetValue(busy);
            var call = parsed.GetValue(work) == Cpu ? JobCall.Of(() => BenchJobs.Burn(length)) : JobCall.Of(() => BenchJobs.Block(length));
            return await RunAsync(
                opened, parsed.GetValue(jobs), TimeSpan.FromMilliseconds(parsed.GetValue(pause)), parsed.GetValue(children),
                call, parsed.GetValue(backlog), cancellationToken);
        });
        return command;
    }

    static async Task<int> RunAsync(
        BenchStore store, int jobs, TimeSpan pause, int children, JobCall sandboxed, int backlog, CancellationToken cancellationToken)
    {
        await using var worker = BenchHost.Build(store, children: children);
        await worker.StartAsync(cancellationToken);
        await MeasureAsync(WarmUpJobs, TimeSpan.Zero);
        var alone = await MeasureAsync(jobs, pause);
        await Drain.EnqueueAsync(worker.Client, sandboxed, backlog, cancellationToken);
        while (worker.Sandboxes.Sandboxes.Any(sandbox => sandbox.State != SandboxState.Busy))
            await Task.Delay(_look, TimeProvider.System, cancellationToken);
        await using var meter = await Meter.StartAsync(store);
        var saturated = await MeasureAsync(jobs, pause);
        var usage = await meter.StopAsync();
        var left = (await worker.Store.Reader.CountAsync(cancellationToken)).Unfinished;
        if (left < children)
            throw new InvalidOperationException("The sandbox jobs ended before the async ones had been measured: give more of them (--backlog).");
        return await new Report("mixed", store).Add("jobs", jobs)
            .Say($"async jobs alone began after {alone.FromCall.P50:0.00} ms (p50), {alone.FromCall.P99:0.00} ms (p99)").AddLatency("alone_", alone.FromCall)
            .Say($"with {children} saturated sandboxes after {saturated.FromCall.P50:0.00} ms (p50), {saturated.FromCall.P99:0.00} ms (p99); {left:N0} sandbox jobs were left")
            .AddLatency("", saturated.FromCall).Add("ratio", saturated.FromCall.P99 / alone.FromCall.P99, 3)
            .Say($"async jobs not begun within {_patience.TotalSeconds} s: {(saturated.Starved ? "one, then it was given up" : "none")}")
            .Add("starved", saturated.Starved).Add("sandbox_jobs_left", left)
            .AddUsage(usage)
            .WriteAsync();

        Task<PickUps> MeasureAsync(int count, TimeSpan before) => PickUps.MeasureAsync(
            () => worker.Client.EnqueueAsync(() => BenchJobs.TouchAsync(), cancellationToken), count, before, _patience, cancellationToken);
    }
}
