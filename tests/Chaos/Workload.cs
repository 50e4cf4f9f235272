using System.Collections.Concurrent;
using JobRunner.Chaos.Jobs;
using Npgsql;

namespace JobRunner.Chaos;

/// <summary>What is known of a job when it is enqueued.</summary>
/// <param name="Key">Its first argument.</param>
/// <param name="Kind">Its method.</param>
/// <param name="Resource">What it excludes others from, or null.</param>
sealed record Ordered(int Key, string Kind, int? Resource = null)
{
    /// <summary>The keys of recurring jobs; each run of one is a job of its own.</summary>
    public const int FirstRecurring = 1_000_000_000;

    /// <summary>The job that this one waits for.</summary>
    public int? Parent { get; init; }

    /// <summary>Its id once the client has said so; null as long as it may not exist.</summary>
    public long? JobId { get; set; }
}

/// <summary>Enqueues jobs of all lanes, as the seed says. Its client goes to the server directly: what it was told exists, exists.</summary>
sealed class Workload(ChaosOptions options, IJobClient client, ChaosLog log)
{
    static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(250);

#pragma warning disable CA5394 // repeatable, not secret
    readonly Random _random = new(options.Seed ^ 0x5eed);
    readonly ConcurrentDictionary<int, Ordered> _ordered = new();
    int _last;
    int _unanswered;

    public IReadOnlyDictionary<int, Ordered> Ordered => _ordered;

    /// <summary>How many calls of the client failed; the jobs of some of them exist all the same.</summary>
    public int Unanswered => _unanswered;

    /// <summary>Enqueues until it is told to stop, and as many as were asked for by then.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        var rounds = Math.Max(1, (int)(options.FaultTime / _pause));
        var perRound = Math.Max(1, options.Jobs / rounds);
        for (var round = 0; !stop.IsCancellationRequested; round++)
        {
            if (_last < options.Jobs)
                await RoundAsync(perRound);
            await Task.Delay(_pause, TimeProvider.System, CancellationToken.None);
        }
    }

    /// <summary>One job that takes its worker down.</summary>
    public Task KillerAsync(int how) =>
        OneAsync(nameof(ChaosJobs.KillWorkerAsync), key => client.EnqueueAsync(() => ChaosJobs.KillWorkerAsync(key, how, null!)));

    async Task RoundAsync(int count)
    {
        var batch = new List<(Ordered Job, JobCall Call)>();
        for (var i = 0; i < count; i++)
        {
            switch (_random.Next(100))
            {
                case < 3:
                    var delay = TimeSpan.FromMilliseconds(_random.Next(5000));
                    await OneAsync(nameof(ChaosJobs.WaitAsync), key => client.ScheduleAsync(() => ChaosJobs.WaitAsync(key, 50, null!, default), delay));
                    break;
                case < 6:
                    await ChainAsync();
                    break;
                default:
                    batch.Add(Next());
                    break;
            }
        }

        await ManyAsync(batch);
    }

    (Ordered Job, JobCall Call) Next()
    {
        var key = Interlocked.Increment(ref _last);
        var wait = _random.Next(20, Math.Max(21, (int)options.LongestWait.TotalMilliseconds));
        var time = _random.Next(20, 1500);
        var number = _random.Next(8);
        return _random.Next(100) switch
        {
            < 60 => (new(key, nameof(ChaosJobs.WaitAsync)), JobCall.Of(() => ChaosJobs.WaitAsync(key, wait, null!, default))),
            < 74 => (new(key, nameof(ChaosJobs.Compute)), JobCall.Of(() => ChaosJobs.Compute(key, time / 30, null!))),
            < 84 => (new(key, nameof(ChaosJobs.Block)), JobCall.Of(() => ChaosJobs.Block(key, time / 3, null!, default))),
            < 91 => (new(key, nameof(ChaosJobs.FailAtFirstAsync)), JobCall.Of(() => ChaosJobs.FailAtFirstAsync(key, number % 3, null!))),
            < 94 => (new(key, nameof(ChaosJobs.AloneAsync), number), JobCall.Of(() => ChaosJobs.AloneAsync(key, number, time / 15, null!, default))),
            < 97 => (new(key, nameof(ChaosJobs.OnceAsync)), JobCall.Of(() => ChaosJobs.OnceAsync(key, time, null!, default))),
            < 99 => (new(key, nameof(ChaosJobs.FailForGoodAsync)), JobCall.Of(() => ChaosJobs.FailForGoodAsync(key, null!))),
            _ => (new(key, nameof(ChaosJobs.EndOddlyAsync)), JobCall.Of(() => ChaosJobs.EndOddlyAsync(key, number % 4, null!))),
        };
    }
#pragma warning restore CA5394

    async Task ChainAsync()
    {
        var parent = await OneAsync(nameof(ChaosJobs.WaitAsync), key => client.EnqueueAsync(() => ChaosJobs.WaitAsync(key, 300, null!, default)));
        if (parent?.JobId is { } id)
            await OneAsync(nameof(ChaosJobs.WaitAsync), key => client.ContinueWithAsync(id, () => ChaosJobs.WaitAsync(key, 20, null!, default)), parent.Key);
    }

    async Task<Ordered?> OneAsync(string kind, Func<int, Task<long>> enqueue, int? parent = null)
    {
        var key = Interlocked.Increment(ref _last);
        var job = _ordered[key] = new Ordered(key, kind) { Parent = parent };
        return await TryAsync(async () => job.JobId = await enqueue(key)) ? job : null;
    }

    async Task ManyAsync(List<(Ordered Job, JobCall Call)> batch)
    {
        foreach (var (job, _) in batch)
            _ordered[job.Key] = job;
        await TryAsync(async () =>
        {
            var ids = await client.EnqueueManyAsync(batch.Select(one => one.Call));
            foreach (var ((job, _), id) in batch.Zip(ids))
                job.JobId = id;
        });
    }

    // A client that got no answer does not know whether its jobs exist; they may, and then they have to run, too.
    async Task<bool> TryAsync(Func<Task> enqueue)
    {
        try
        {
            await enqueue();
            return true;
        }
        catch (Exception e) when (e is NpgsqlException or TimeoutException or Storage.StoreException)
        {
            if (Interlocked.Increment(ref _unanswered) == 1)
                log.Note($"The client could not enqueue, for the first time: {e.Message}");
            return false;
        }
    }
}
