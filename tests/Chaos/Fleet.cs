using System.Collections.Concurrent;
using System.Diagnostics;
using JobRunner.Chaos.Jobs;
using JobRunner.TestSupport;

namespace JobRunner.Chaos;

/// <summary>A worker process, from its start to its end.</summary>
sealed class ChaosWorker(string name, ProductProcess process)
{
    public string Name => name;

    public ProductProcess Process => process;

    /// <summary>Its end is somebody's intention, and not to be answered with a replacement.</summary>
    public bool IsDoomed { get; set; }

    /// <summary>How many descriptors it had soon after its start.</summary>
    public int? Descriptors { get; set; }
}

/// <summary>The workers: real processes, replaced when they die.</summary>
sealed class Fleet(ChaosOptions options, string connectionString, string directory, ChaosLog log) : IAsyncDisposable
{
    static readonly TimeSpan _restart = TimeSpan.FromSeconds(1);

    readonly ConcurrentDictionary<string, ChaosWorker> _live = new();
    readonly ConcurrentBag<ChaosWorker> _all = [];
    int _last;
    bool _isOver;

    /// <summary>How many ended because they found no database at their start, which they say in a sentence.</summary>
    public int Refused { get; private set; }

    public IReadOnlyList<ChaosWorker> Live => [.. _live.Values.OrderBy(worker => worker.Name, StringComparer.Ordinal)];

    /// <summary>Of all that ever ran.</summary>
    public IReadOnlyList<ChaosWorker> All => [.. _all];

    public static string LedgerOf(string directory) => Path.Combine(directory, "ledger");

    public static string TemporaryOf(string directory) => Path.Combine(directory, "tmp");

    public void Start()
    {
        var name = $"w{Interlocked.Increment(ref _last):000}";
        var temporary = TemporaryOf(directory);
        var worker = new ChaosWorker(name, ProductProcess.StartFile(options.Worker ?? ProductProcess.PathOf("JobRunner.Worker"), [], new Dictionary<string, string>
        {
            ["JobRunner__Postgres"] = connectionString,
            ["JobRunner__JobAssemblies__0"] = typeof(ChaosJobs).Assembly.Location,
            ["JobRunner__Worker__RescueAfter"] = $"{options.RescueAfter}",
            ["JobRunner__Worker__HeartbeatInterval"] = $"{options.RescueAfter / 6}",
            ["JobRunner__Worker__LeaseInterval"] = $"{options.RescueAfter / 6}",
            ["JobRunner__Worker__ShutdownGrace"] = "00:00:01",
            ["JobRunner__Worker__CancelGrace"] = "00:00:02",
            ["JobRunner__Worker__UnknownJobs"] = "Fail",
            ["JobRunner__Sandbox__Maximum"] = "2",
            ["JobRunner__Sandbox__StartTimeout"] = "00:01:00",
            ["JobRunner__Sandbox__Environment__CHAOS_LEDGER"] = LedgerOf(directory),
            ["JobRunner__Sandbox__Environment__CHAOS_WORKER"] = name,
            ["CHAOS_LEDGER"] = LedgerOf(directory),
            ["CHAOS_WORKER"] = name,
            ["TMPDIR"] = temporary,
        }));
        _all.Add(worker);
        _live[name] = worker;
        _ = WatchAsync(worker);
    }

    /// <summary>Sends a signal to a worker, or to any process.</summary>
    public static async Task SignalAsync(string signal, int process)
    {
        using var kill = System.Diagnostics.Process.Start("kill", [$"-{signal}", $"{process}"]);
        await kill.WaitForExitAsync();
    }

    /// <summary>Ends a worker with a signal and starts another in its place.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> ReplaceAsync(ChaosWorker worker, string signal, TimeSpan limit)
    {
        worker.IsDoomed = true;
        _live.TryRemove(worker.Name, out _);
        await SignalAsync(signal, worker.Process.Id);
        Start();
        return await worker.Process.ExitAsync(limit);
    }

    /// <summary>The sandboxes of a worker.</summary>
    public static IReadOnlyList<int> SandboxesOf(ChaosWorker worker) => [.. Processes.ChildrenOf(worker.Process.Id)
        .Where(child => Processes.CommandOf(child) is { } command
            && command.Contains("JobRunner.Sandbox.dll", StringComparison.Ordinal) && !command.Contains("--stacks", StringComparison.Ordinal))];

    /// <summary>Stops all as an administrator would.</summary>
    public async Task StopAsync()
    {
        _isOver = true;
        foreach (var worker in Live)
            worker.IsDoomed = true;
        await Task.WhenAll(Live.Select(async worker =>
        {
            var began = Stopwatch.GetTimestamp();
            await SignalAsync("TERM", worker.Process.Id);
            var exitCode = await worker.Process.ExitAsync(TimeSpan.FromSeconds(60));
            log.Note($"{worker.Name} stopped after {Stopwatch.GetElapsedTime(began).TotalSeconds:0.0} s");
            if (exitCode != 0)
                log.Violation($"{worker.Name} stopped with exit code {exitCode}");
        }));
    }

    public async ValueTask DisposeAsync()
    {
        _isOver = true;
        foreach (var worker in _all)
        {
            worker.IsDoomed = true;
            await worker.Process.DisposeAsync();
            await File.WriteAllTextAsync(Path.Combine(directory, $"{worker.Name}.log"), worker.Process.Output);
        }
    }

    async Task WatchAsync(ChaosWorker worker)
    {
        var exitCode = await worker.Process.ExitAsync(Timeout.InfiniteTimeSpan);
        _live.TryRemove(worker.Name, out _);
        if (worker.IsDoomed || _isOver)
            return;
        if (exitCode == 1 && worker.Process.Output.Contains("JobRunner.Worker cannot start: ", StringComparison.Ordinal))
        {
            Refused++;
            await Task.Delay(_restart, TimeProvider.System, CancellationToken.None); // as whoever supervises services does
        }
        else
        {
            log.Died(worker, exitCode);
        }

        if (!_isOver)
            Start();
    }
}
