using JobRunner.TestSupport;

namespace JobRunner.Chaos;

/// <summary>Makes the faults of a plan come about, one after the other.</summary>
sealed class Injector(PostgresServer server, FaultProxy proxy, Fleet fleet, Workload workload, ServerFaults onServer, ChaosLog log)
{
    static readonly TimeSpan _stopLimit = TimeSpan.FromSeconds(60);
    static readonly TimeSpan _cutLimit = TimeSpan.FromSeconds(3);

    readonly List<Task> _stopping = [];

    /// <summary>All of them; ends when what they began has ended, too.</summary>
    public async Task RunAsync(IReadOnlyList<PlannedFault> plan)
    {
        foreach (var fault in plan)
        {
            await PauseAsync(fault.Pause);
            log.Note($"{fault}");
            await InjectAsync(fault);
        }

        await Task.WhenAll(_stopping);
    }

    Task InjectAsync(PlannedFault fault) => fault.Kind switch
    {
        FaultKind.KillWorker => OnWorkerAsync(fault, async worker => await fleet.ReplaceAsync(worker, "KILL", _stopLimit)),
        FaultKind.SuspendWorker => OnWorkerAsync(fault, worker => SuspendAsync(worker, fault.Length)),
        FaultKind.TerminateWorker => OnWorkerAsync(fault, TerminateAsync),
        FaultKind.KillSandbox => KillSandboxAsync(fault),
        FaultKind.KillerJob => workload.KillerAsync(fault.Target % 2),
        FaultKind.Outage => LastingAsync(fault, proxy.Refuse),
        FaultKind.BlackHole => LastingAsync(fault, proxy.BlackHole),
        FaultKind.Delay => LastingAsync(fault, () => proxy.Delay(TimeSpan.FromMilliseconds(20 + (fault.Target % 300)))),
        FaultKind.CutAll => OnAllAsync(fault.Kind, () =>
        {
            proxy.CutAll();
            return Task.CompletedTask;
        }),
        FaultKind.CutAnswers => OnAllAsync(fault.Kind, () => CutAsync(proxy.CutAnswersOf(StatementOf(fault), TimesOf(fault)))),
        FaultKind.CutRequests => OnAllAsync(fault.Kind, () => CutAsync(proxy.CutRequestsOf(StatementOf(fault), TimesOf(fault)))),
        FaultKind.RestartServer => OnAllAsync(fault.Kind, async () =>
        {
            await server.StopAsync();
            await server.StartAgainAsync();
        }),
        FaultKind.CrashServer => OnAllAsync(fault.Kind, async () =>
        {
            await server.CrashAsync();
            await server.StartAgainAsync();
        }),
        FaultKind.ReadOnlyServer => OnAllAsync(fault.Kind, () => onServer.ReadOnlyAsync(fault.Length)),
        FaultKind.DiskFull => OnAllAsync(fault.Kind, () => onServer.FillDiskAsync(fault.Length)),
        FaultKind.TerminateBackends => OnAllAsync(fault.Kind, () => onServer.TerminateAsync(1 + (fault.Target % 8))),
        FaultKind.PinHorizon => OnAllAsync(fault.Kind, () => onServer.PinHorizonAsync(fault.Length)),
        FaultKind.ExhaustConnections => OnAllAsync(fault.Kind, () => onServer.ExhaustAsync(fault.Length)),
        _ => throw new NotSupportedException($"{fault.Kind}"),
    };

    // Claims, marks and ends, whatever is committed by hand, signs of life, or simply the next thing.
    static Func<string, bool> StatementOf(PlannedFault fault) => (fault.Target % 5) switch
    {
        0 => sql => sql.Contains("insert into hangfire.state", StringComparison.Ordinal),
        1 => sql => sql.Contains("skip locked", StringComparison.Ordinal),
        2 => sql => sql == "COMMIT",
        3 => sql => sql.Contains("hangfire.server", StringComparison.Ordinal),
        _ => _ => true,
    };

    static int TimesOf(PlannedFault fault) => 1 + (fault.Target / 5 % 10);

    async Task CutAsync(Cut cut)
    {
        using (cut)
        {
            await Task.WhenAny(cut.Done, PauseAsync(_cutLimit));
            log.Note($"    {cut.Hits} connections cut");
        }
    }

    async Task OnWorkerAsync(PlannedFault fault, Func<ChaosWorker, Task> hit)
    {
        if (fleet.Live is not { Count: > 0 } live)
            return;
        var worker = live[fault.Target % live.Count];
        var began = TimeProvider.System.GetUtcNow();
        await hit(worker);
        log.Add(new(fault.Kind, began, TimeProvider.System.GetUtcNow(), worker.Name));
    }

    static async Task SuspendAsync(ChaosWorker worker, TimeSpan length)
    {
        await Fleet.SignalAsync("STOP", worker.Process.Id);
        await PauseAsync(length);
        await Fleet.SignalAsync("CONT", worker.Process.Id);
    }

    // It takes its time, in which other things may happen.
    Task TerminateAsync(ChaosWorker worker)
    {
        var began = TimeProvider.System.GetUtcNow();
        _stopping.Add(StopAsync());
        return Task.CompletedTask;

        async Task StopAsync()
        {
            var exitCode = await fleet.ReplaceAsync(worker, "TERM", _stopLimit);
            log.Add(new(FaultKind.TerminateWorker, began, TimeProvider.System.GetUtcNow(), worker.Name));
            if (exitCode != 0 && !ChaosLog.IsKillersWork(worker))
                log.Violation($"{worker.Name} was asked to stop and ended with {exitCode}");
        }
    }

    async Task KillSandboxAsync(PlannedFault fault)
    {
        var sandboxes = fleet.Live.SelectMany(worker => Fleet.SandboxesOf(worker)).ToArray();
        if (sandboxes.Length == 0)
            return;
        var process = sandboxes[fault.Target % sandboxes.Length];
        var began = TimeProvider.System.GetUtcNow();
        await Fleet.SignalAsync("KILL", process);
        log.Add(new(fault.Kind, began, TimeProvider.System.GetUtcNow(), Process: process));
    }

    Task LastingAsync(PlannedFault fault, Action begin) => OnAllAsync(fault.Kind, async () =>
    {
        begin();
        await PauseAsync(fault.Length);
        proxy.Pass();
    });

    async Task OnAllAsync(FaultKind kind, Func<Task> hit)
    {
        var began = TimeProvider.System.GetUtcNow();
        await hit();
        log.Add(new(kind, began, TimeProvider.System.GetUtcNow()));
    }

    static Task PauseAsync(TimeSpan time) => Task.Delay(time, TimeProvider.System, CancellationToken.None);
}
