using JobRunner.TestSupport;

namespace JobRunner.Benchmarks;

/// <summary>What a worker process took to run a queue of jobs.</summary>
/// <param name="Jobs">How many, all of which succeeded.</param>
/// <param name="Elapsed">From the start of its process.</param>
/// <param name="PeakRssMiB">Its most resident memory, as the kernel noted it.</param>
/// <param name="PeakChildrenMiB">That of its sandboxes together, as looks have found it.</param>
sealed record PayloadRun(int Jobs, TimeSpan Elapsed, double PeakRssMiB, double PeakChildrenMiB)
{
    static readonly TimeSpan _look = TimeSpan.FromMilliseconds(100);

    const string EndedSql = "select count(*) from hangfire.job where statename in ('Succeeded', 'Failed', 'Deleted')";
    const string SucceededSql = "select count(*) from hangfire.job where statename = 'Succeeded'";
    const string TroubleSql = "select data ->> 'ExceptionMessage' from hangfire.state where name = 'Failed' order by id limit 1";

    /// <param name="store">An empty database.</param>
    /// <param name="call">What each job does.</param>
    /// <param name="jobs">How many.</param>
    /// <param name="limits">The environment of the worker that is measured.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<PayloadRun> MeasureAsync(
        PostgresBenchStore store, JobCall call, int jobs, IReadOnlyDictionary<string, string> limits, CancellationToken cancellationToken)
    {
        await Drain.RunAsync(store, () => BenchHost.Build(store, worker => worker.SynchronousLane = Worker.LaneKind.Thread), call, 1, cancellationToken);
        await (await HangfireRows.LikeNewestAsync(store.ConnectionString)).AddWaitingAsync(jobs);
        var started = TimeProvider.System.GetTimestamp();
        await using var worker = ProductProcess.Start("JobRunner.Worker", [], new Dictionary<string, string>(limits)
        {
            ["JobRunner__Postgres"] = store.WorkerConnectionString,
            ["JobRunner__JobAssemblies__0"] = typeof(BenchJobs).Assembly.Location,
        });
        var (peak, children) = (0.0, 0.0);
        while (await CountAsync(EndedSql) <= jobs)
        {
            if (!Directory.Exists($"/proc/{worker.Id}") || ProcessTree.MemoryOf(worker.Id, "VmHWM:") is not (> 0 and var now))
                throw new InvalidOperationException($"The worker ended with {await worker.ExitAsync()} when {await CountAsync(EndedSql) - 1} of {jobs} jobs had: {worker.Output}");
            (peak, children) = (Math.Max(peak, now), Math.Max(children, ProcessTree.RssOfChildren(worker.Id)));
            await Task.Delay(_look, TimeProvider.System, cancellationToken);
        }

        var elapsed = TimeProvider.System.GetElapsedTime(started);
        peak = Math.Max(peak, ProcessTree.MemoryOf(worker.Id, "VmHWM:"));
        var succeeded = await CountAsync(SucceededSql) - 1;
        return succeeded == jobs
            ? new(jobs, elapsed, peak, children)
            : throw new InvalidOperationException($"{succeeded} of {jobs} jobs succeeded. The first failure: {await Sql.ScalarAsync(store.ConnectionString, TroubleSql)}");

        async Task<long> CountAsync(string sql) => (long)(await Sql.ScalarAsync(store.ConnectionString, sql))!;
    }
}
