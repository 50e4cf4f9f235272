using System.CommandLine;

namespace JobRunner.Benchmarks;

/// <summary>One call that adds many jobs with long arguments, one that requeues them all, one that deletes them all; no worker runs.</summary>
static class BulkScenario
{
    public static Command Command()
    {
        var jobs = BenchOptions.Jobs(100_000);
        var kilobytes = BenchOptions.Number("--kilobytes", "How long each job's argument is", 20);
        var postgres = BenchOptions.Postgres();
        var command = new Command("bulk", "Many jobs with long arguments added, requeued and deleted, each with one call: times, and the peak resident memory of this process")
        {
            jobs, kilobytes, postgres,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var store = await PostgresBenchStore.OpenAsync(parsed.GetValue(postgres));
            var report = new Report("bulk", store).Add("jobs", parsed.GetValue(jobs)).Add("kilobytes", parsed.GetValue(kilobytes));
            return await RunAsync(report, store, parsed.GetValue(jobs), PayloadText.Random(parsed.GetValue(kilobytes) * 1024), cancellationToken);
        });
        return command;
    }

    static async Task<int> RunAsync(Report report, PostgresBenchStore store, int jobs, string text, CancellationToken cancellationToken)
    {
        await using var host = BenchHost.Build(store);
        await host.Store.InitializeAsync(cancellationToken);
        IReadOnlyList<long> ids = [];
        await MeasureAsync("add", async () => ids = await host.Client.EnqueueManyAsync(
            Enumerable.Range(0, jobs).Select(_ => JobCall.Of(() => BenchJobs.TakeAsync(text))), cancellationToken));
        await MeasureAsync("requeue", async () => Require(await host.Store.Actions.RequeueAsync(ids, null, cancellationToken)));
        await MeasureAsync("delete", async () => Require(await host.Store.Actions.DeleteAsync(ids, null, cancellationToken)));
        return await report.WriteAsync();

        async Task MeasureAsync(string what, Func<Task> act)
        {
            using var resources = new ResourceSampler(TimeSpan.FromMilliseconds(20));
            var started = TimeProvider.System.GetTimestamp();
            await act();
            var took = TimeProvider.System.GetElapsedTime(started);
            report.Say($"{what}: {took.TotalSeconds:0.0} s, {jobs / took.TotalSeconds:N0} jobs/s, {resources.PeakRssMiB:0} MiB resident at the peak")
                .Add($"{what}_seconds", took.TotalSeconds, 2).Add($"{what}_rss_mib", resources.PeakRssMiB);
        }

        void Require(int changed)
        {
            if (changed != jobs)
                throw new InvalidOperationException($"{changed} of {jobs} jobs were changed.");
        }
    }
}
