using JobRunner.Storage;
using JobRunner.TestSupport;
using Npgsql;

namespace JobRunner.Benchmarks;

/// <summary>One operation after the other on a store that nobody else uses. At the end of a cycle the tables hold as many rows as
/// before: the jobs that it ran are those that it lets expire.</summary>
sealed class StoreCycle(BenchHost host, string connectionString, HangfireRows rows, string[] queues, int batch) : IAsyncDisposable
{
    const int Page = 20;

    /// <summary>The operations, in the order of their times.</summary>
    public static readonly string[] Operations = ["look", "recurring", "claim", "commit", "list", "counts", "expire"];

    const string ExpireSql = $"""
        /* {DatabaseMeter.OwnName} */
        update hangfire.job set expireat = now() - interval '1 second' where id = any($1)
        """;

    static readonly string _type = typeof(BenchJobs).FullName!;

    // As a worker's: it knows its own types, and has seen the others before.
    readonly RecurringRules _rules = new(
        call => call.Type.StartsWith(_type, StringComparison.Ordinal), TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(15))
    {
        Memory = new(TimeProvider.System),
    };

    readonly IJobStore _store = host.Store;

    /// <returns>How long each operation took, in milliseconds.</returns>
    public async Task<double[]> RunAsync(CancellationToken cancellationToken)
    {
        await rows.AddWaitingAsync(batch, queues);
        IReadOnlyList<ClaimedJob> claimed = [];
        var applied = new AppliedChanges([]);
        var removed = 0;
        var look = await TimeAsync(() => _store.Queue.LookAsync(new(queues), cancellationToken));
        var recurring = await TimeAsync(() => _store.Recurring.EnqueueDueAsync(_rules, cancellationToken));
        var claim = await TimeAsync(async () => claimed = await _store.Queue.ClaimAsync(queues, batch, cancellationToken));
        StateChange[] changes = [.. claimed.Select(End)];
        var commit = await TimeAsync(async () => applied = await _store.Queue.ApplyAsync(changes, cancellationToken));
        var list = await TimeAsync(() => _store.Reader.ListAsync(JobStates.Succeeded, 0, Page, cancellationToken));
        var counts = await TimeAsync(() => _store.Reader.CountAsync(cancellationToken));
        await Sql.ExecuteAsync(connectionString, ExpireSql, new NpgsqlParameter { Value = claimed.Select(job => job.JobId).ToArray() });
        var expire = await TimeAsync(async () => removed = await _store.Maintenance.ExpireAsync(batch, cancellationToken));
        if (claimed.Count != batch || removed != batch || changes.Where((_, i) => applied[i] is null).Any())
            throw new InvalidOperationException($"Of {batch} jobs {claimed.Count} were claimed, and {removed} have expired.");
        return [look, recurring, claim, commit, list, counts, expire];
    }

    public ValueTask DisposeAsync() => host.DisposeAsync();

    static StateChange End(ClaimedJob job)
    {
        var now = TimeProvider.System.GetUtcNow();
        return new(job.JobId, job.StateId, job.StateName,
            [JobState.Processing(DatabaseMeter.OwnName, DatabaseMeter.OwnName, now), JobState.Succeeded(now, now - job.CreatedAt, TimeSpan.Zero, null)],
            job.Invocation?.Queue, job.Claim);
    }

    static async Task<double> TimeAsync(Func<Task> operation)
    {
        var started = TimeProvider.System.GetTimestamp();
        await operation();
        return TimeProvider.System.GetElapsedTime(started).TotalMilliseconds;
    }
}
