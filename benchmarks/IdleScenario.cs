using System.CommandLine;

namespace JobRunner.Benchmarks;

/// <summary>A worker with nothing to do: what it asks of the server.</summary>
static class IdleScenario
{
    public static Command Command()
    {
        var seconds = BenchOptions.Number("--seconds", "For how long to count", 30);
        var settle = BenchOptions.Number("--settle-seconds", "How long the worker runs before the counting begins", 5, least: 0);
        var postgres = BenchOptions.Postgres();
        var command = new Command("idle", "A worker with nothing to do: statements per second and connections") { seconds, settle, postgres };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var store = await PostgresBenchStore.OpenAsync(parsed.GetValue(postgres));
            return await RunAsync(
                store, TimeSpan.FromSeconds(parsed.GetValue(seconds)), TimeSpan.FromSeconds(parsed.GetValue(settle)), cancellationToken);
        });
        return command;
    }

    static async Task<int> RunAsync(PostgresBenchStore store, TimeSpan length, TimeSpan settle, CancellationToken cancellationToken)
    {
        var time = TimeProvider.System;
        await using var worker = BenchHost.Build(store);
        await worker.StartAsync(cancellationToken);
        await Task.Delay(settle, time, cancellationToken);
        await using var meter = await Meter.StartAsync(store, quiet: true);
        var started = time.GetTimestamp();
        await Task.Delay(length, time, cancellationToken);
        var usage = await meter.StopAsync();
        var seconds = time.GetElapsedTime(started).TotalSeconds;
        var database = usage.Database!;
        return await new Report("idle", store).Add("seconds", seconds, 2)
            .Say($"{database.Statements / seconds:0.00} statements/s and {database.Transactions / seconds:0.00} transactions/s")
            .Add("statements_per_second", database.Statements / seconds, 2)
            .Add("transactions_per_second", database.Transactions / seconds, 2)
            .Say($"{usage.Cpu.TotalMilliseconds / seconds:0.0} ms of processor time a second here, {database.Cpu?.TotalMilliseconds / seconds:0.0} ms on the server")
            .Add("cpu_ms_per_second", usage.Cpu.TotalMilliseconds / seconds, 2)
            .Add("server_cpu_ms_per_second", database.Cpu?.TotalMilliseconds / seconds, 2)
            .Add("wal_bytes_per_second", database.WalBytes / seconds, 0)
            .AddUsage(usage)
            .WriteAsync();
    }
}
