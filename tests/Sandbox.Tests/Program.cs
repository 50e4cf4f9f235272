using JobRunner.Sandbox.Tests.Jobs;

namespace JobRunner.Sandbox.Tests;

/// <summary>A host with a pool as a process of its own, for tests that spy on it or kill it. The tests themselves do not start here.</summary>
static class Program
{
    public static async Task<int> Main(string[] args)
    {
        if (args is ["peer", .. var program])
            return await new PeerChecks(program).RunAsync();
        await using var host = new PoolHost(o =>
            (o.Minimum, o.Maximum, o.ProtectHost, o.Strict) = (2, 2, !args.Contains("unprotected"), args.Contains("strict")));
        await host.Pool.StartAsync(default);
        if (args is ["spied-on", ..])
            await ShowSpyAsync(host);
        else if (args is ["grouped", ..])
            await ShowGroupAsync(host);
        else
            await ShowProcessesAsync(host, hidden: args.Contains("hidden"));
        return 0;
    }

    // What a worker has of its database: a variable, an argument, a descriptor, and memory.
    static async Task ShowSpyAsync(PoolHost host)
    {
        var path = Path.GetTempFileName();
        await File.WriteAllTextAsync(path, Environment.GetEnvironmentVariable("SECRET"));
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        File.Delete(path);
        var reversed = new string([.. Environment.GetEnvironmentVariable("SECRET")!.Reverse()]);
        foreach (var leak in await host.Pool.RunAsync(() => Spy.Find(reversed)) ?? ["nothing came back"])
            Console.WriteLine(leak);
    }

    // A line for each thing that a cgroup is good for.
    static async Task ShowGroupAsync(PoolHost host)
    {
        Console.WriteLine(host.Pool.LimitsInForce);
        foreach (var call in (SandboxCall[])[host.Call(() => HungryJobs.HogNative()), host.Call(() => StrictJobs.HogWithoutTrace())])
        {
            var end = await host.EndOfAsync(call with { MemoryLimitMb = 128, TimeLimit = TimeSpan.FromMinutes(1) });
            Console.WriteLine($"{end.Reason}, {end.Use!.PeakMemory >> 20} MB: {end.Exception.Message}");
        }

        await host.Pool.RunAsync(() => StrictJobs.DetachWithoutTrace($"7{Environment.ProcessId}"));
        await host.DisposeAsync();
        Console.WriteLine($"{ProcessList.Count($"sleep 7{Environment.ProcessId}")} left");
    }

    static async Task ShowProcessesAsync(PoolHost host, bool hidden)
    {
        if (hidden)
            await host.Pool.RunAsync(() => StrictJobs.DetachWithoutTrace($"7{Environment.ProcessId}"));
        var running = host.Pool.Sandboxes.Select(_ => host.EndOfAsync(host.Call(() => Spy.StartProcesses()))).ToList();
        Console.WriteLine(string.Join(' ', host.Pool.Sandboxes.Select(sandbox => sandbox.ProcessId)));
        await Task.WhenAll(running);
    }
}
