using JobRunner.TestSupport;

namespace JobRunner.Chaos;

/// <summary>What should not be there any more when all has ended.</summary>
static class Leftovers
{
    // A worker that was killed is listed until others forget it, after five minutes.
    static readonly (string What, string Sql)[] _rows =
    [
        ("queue rows", "select count(*) from hangfire.jobqueue"),
        ("lock rows", "select count(*) from hangfire.lock"),
        ("scheduled, retried and awaiting jobs in sets", "select count(*) from hangfire.set where key in ('schedule', 'retries', 'awaiting')"),
        ("succeeded jobs that counters do not know, or know twice",
            "select (select coalesce(sum(value), 0) from (select value from hangfire.counter where key = 'stats:succeeded' union all select value from hangfire.aggregatedcounter where key = 'stats:succeeded') c)::bigint - (select count(*) from hangfire.state where name = 'Succeeded')"),
        ("outcomes that could not be written", "select coalesce(sum(s.unwritten), 0)::bigint from jobrunner.server s join hangfire.server v on v.id = s.id where v.lastheartbeat > now() - interval '10 seconds'"),
    ];

    /// <param name="database">The run's database.</param>
    /// <param name="pooled">Whether a pooler keeps the sessions, as it should.</param>
    /// <param name="log">Is told.</param>
    public static async Task CheckDatabaseAsync(string database, bool pooled, ChaosLog log)
    {
        foreach (var (what, sql) in _rows)
        {
            if (await Sql.ScalarAsync(database, sql) is long count and not 0)
                log.Violation($"{count} {what} are left");
        }

        if (pooled)
            return;
        var sessions = await Sql.LinesAsync(database, $"""
            select coalesce(application_name, '') || ': ' || coalesce(query, '') from pg_stat_activity
            where backend_type = 'client backend' and pid <> pg_backend_pid() and application_name <> '{ChaosRun.OwnName}' and datname = current_database()
            """);
        foreach (var session in sessions)
            log.Violation($"a connection to the server is left: {session}");
    }

    public static void CheckMachine(string directory, FaultProxy proxy, Fleet fleet, ChaosLog log)
    {
        if (proxy.Connections > 0)
            log.Violation($"{proxy.Connections} connections through the proxy are left");
        foreach (var process in Processes.All.Where(id => id != Environment.ProcessId))
        {
            if (Processes.EnvironmentOf(process)?.Contains(Fleet.LedgerOf(directory), StringComparison.Ordinal) == true)
                log.Violation($"process {process} is left: {Processes.CommandOf(process)}");
        }

        // What a killed process leaves is swept away by the next one that starts; the last ones to be killed have none after them.
        var killed = log.Faults.Select(fault => fault.Worker).ToHashSet(StringComparer.Ordinal);
        foreach (var worker in fleet.All.Where(worker => !killed.Contains(worker.Name)))
        {
            foreach (var left in Directory.EnumerateFileSystemEntries(Fleet.TemporaryOf(directory), $"*-{worker.Process.Id}-*"))
                log.Violation($"{worker.Name} left {left}");
        }
    }

    /// <summary>Workers that hold more descriptors than soon after their start, when there is nothing to do.</summary>
    public static void CheckDescriptors(Fleet fleet, ChaosLog log)
    {
        const int most = 40; // connections of the pool, which close only later, and sandboxes
        foreach (var worker in fleet.Live)
        {
            var now = Processes.DescriptorsOf(worker.Process.Id);
            log.Note($"{worker.Name} holds {now} descriptors; {worker.Descriptors} soon after its start");
            if (now > worker.Descriptors + most)
                log.Violation($"{worker.Name} holds {now} descriptors, and held {worker.Descriptors} soon after its start");
        }
    }
}
