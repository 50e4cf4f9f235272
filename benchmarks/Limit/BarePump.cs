using System.Globalization;
using Npgsql;
using NpgsqlTypes;

namespace JobRunner.Benchmarks;

/// <summary>
/// What 'throughput' is compared with: no engine, only the statements that leave the same rows, as fast as we know how to write
/// them. Two loops, each with a connection. A round trip ends the jobs at hand and claims the next ones, in one transaction;
/// nothing is run in between.
/// </summary>
sealed partial class BarePump(NpgsqlConnection connection)
{
    const int Loops = 2;
    const int Batch = 1000;
    const int WarmUpJobs = 20_000;

    readonly string _worker = $"bare:{Environment.ProcessId}:{Guid.NewGuid()}";

    /// <summary>The same with few jobs, not measured, and then with all, as <see cref="Drain.WarmedAsync"/>.</summary>
    public static async Task<BareRun> WarmedAsync(PostgresBenchStore store, JobCall call, int jobs, CancellationToken cancellationToken)
    {
        await store.ResetAsync();
        await RunAsync(store, call, Math.Min(WarmUpJobs, jobs), cancellationToken);
        await store.ResetAsync();
        var run = await RunAsync(store, call, jobs, cancellationToken);
        await store.VerifyHistoryAsync(jobs);
        return run;
    }

    static async Task<BareRun> RunAsync(PostgresBenchStore store, JobCall call, int jobs, CancellationToken cancellationToken)
    {
        await using var host = BenchHost.Build(store);
        await host.Store.InitializeAsync(cancellationToken);
        await Drain.EnqueueAsync(host.Client, call, jobs, cancellationToken);
        await using var meter = await Meter.StartAsync(store);
        var started = TimeProvider.System.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, Loops).Select(_ => Task.Run(LoopAsync, cancellationToken)));
        return new(jobs, TimeProvider.System.GetElapsedTime(started), await meter.StopAsync());

        async Task LoopAsync()
        {
            await using var connection = await store.OpenBareAsync(cancellationToken);
            await new BarePump(connection).PumpAsync(cancellationToken);
        }
    }

    async Task PumpAsync(CancellationToken cancellationToken)
    {
        var jobs = new List<Job>(Batch);
        do
        {
            await using var batch = BatchFor(jobs);
            await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
            if (jobs.Count > 0)
                await CheckAsync(reader, jobs.Count, cancellationToken);
            await ReadClaimedAsync(reader, jobs, cancellationToken);
        }
        while (jobs.Count > 0);
    }

    NpgsqlBatch BatchFor(List<Job> jobs)
    {
        var batch = new NpgsqlBatch(connection);
        if (jobs.Count > 0)
            AddEnds(batch.BatchCommands, jobs);
        batch.BatchCommands.Add(new(ClaimSql) { Parameters = { new NpgsqlParameter<int> { TypedValue = Batch } } });
        return batch;
    }

    // Each job has data of its own, as it would have if it had run.
    void AddEnds(NpgsqlBatchCommandCollection commands, List<Job> jobs)
    {
        jobs.Sort((a, b) => a.JobId.CompareTo(b.JobId)); // in this order their locks are taken
        var now = TimeProvider.System.GetUtcNow();
        var at = now.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture);
        var ids = Column(jobs, job => job.JobId);
        var started = Column(jobs, _ => $$"""{"StartedAt":"{{at}}","ServerId":"{{_worker}}","WorkerId":"{{_worker}}"}""");
        var ended = Column(jobs, job => string.Create(CultureInfo.InvariantCulture,
            $$"""{"SucceededAt":"{{at}}","PerformanceDuration":"0","Latency":"{{(long)(now - job.CreatedAt).TotalMilliseconds}}"}"""));
        commands.Add(new(LockSql) { Parameters = { Array(ids, NpgsqlDbType.Bigint) } });
        commands.Add(new(EndSql)
        {
            Parameters =
            {
                Array(ids, NpgsqlDbType.Bigint), Array(Column(jobs, job => job.StateId), NpgsqlDbType.Bigint),
                Array(started, NpgsqlDbType.Jsonb), Array(ended, NpgsqlDbType.Jsonb), new NpgsqlParameter<DateTime> { TypedValue = now.UtcDateTime },
                Array(Column(jobs, job => job.RowId), NpgsqlDbType.Bigint), new NpgsqlParameter<DateTime> { TypedValue = jobs[0].FetchedAt },
            },
        });
        commands.Add(new(CountSql) { Parameters = { new NpgsqlParameter<long> { TypedValue = jobs.Count } } });
        commands.Add(new(UnlockSql) { Parameters = { Array(ids, NpgsqlDbType.Bigint) } });
    }

    static async Task CheckAsync(NpgsqlDataReader reader, int jobs, CancellationToken cancellationToken)
    {
        await reader.ReadAsync(cancellationToken);
        if (reader.GetInt64(0) != jobs || reader.GetInt64(1) != jobs)
            throw new InvalidOperationException($"Of {jobs} jobs {reader.GetInt64(0)} could be ended, and {reader.GetInt64(1)} claims were still held.");
        await reader.NextResultAsync(cancellationToken);
    }

    static async Task ReadClaimedAsync(NpgsqlDataReader reader, List<Job> jobs, CancellationToken cancellationToken)
    {
        jobs.Clear();
        while (await reader.ReadAsync(cancellationToken))
            jobs.Add(new(
                reader.GetInt64(0), reader.GetInt64(1), reader.GetDateTime(2), reader.GetInt64(3), reader.GetFieldValue<DateTimeOffset>(4),
                reader.GetString(5), reader.GetString(6), reader.GetFieldValue<string[]>(7), reader.GetFieldValue<string[]>(8)));
    }

    static T[] Column<T>(List<Job> jobs, Func<Job, T> value) => [.. jobs.Select(value)];

    static NpgsqlParameter<T[]> Array<T>(T[] values, NpgsqlDbType type) => new() { TypedValue = values, NpgsqlDbType = NpgsqlDbType.Array | type };

    sealed record Job(
        long RowId, long JobId, DateTime FetchedAt, long StateId, DateTimeOffset CreatedAt, string InvocationData, string Arguments,
        string[] ParameterNames, string[] ParameterValues);
}
