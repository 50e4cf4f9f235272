using JobRunner.Chaos.Jobs;
using JobRunner.Storage;
using JobRunner.TestSupport;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace JobRunner.Chaos;

/// <summary>One run: starts everything, lets jobs and faults at it, waits until it has settled, and looks at what came of it.</summary>
sealed class ChaosRun(ChaosOptions options, ChaosLog log)
{
    /// <summary>The application name of the driver's own connections, which are no target.</summary>
    public const string OwnName = "chaos";

    /// <summary>The period of the recurring jobs.</summary>
    public const int RecurringSeconds = 2;

    const int RecurringJobs = 3;

    static readonly TimeSpan _patience = TimeSpan.FromSeconds(20);
    static readonly TimeSpan _look = TimeSpan.FromMilliseconds(500);

    readonly string _directory = Directory.CreateTempSubdirectory("jobrunner-chaos-").FullName;

    public async Task<ChaosReport> RunAsync()
    {
        foreach (var folder in new[] { Fleet.LedgerOf(_directory), Fleet.TemporaryOf(_directory) })
            Directory.CreateDirectory(folder);
        OpenToAll(_directory);
        await using var disk = options.Kinds.Contains(FaultKind.DiskFull) ? await SmallDisk.TryMountAsync(Path.Combine(_directory, "disk"), options.DiskMegabytes) : null;
        var ofServer = Directory.CreateDirectory(disk?.Directory ?? Path.Combine(_directory, "server")).FullName;
        OpenToAll(ofServer);
        await using var server = await PostgresServer.StartInAsync(
            Directory.CreateDirectory(Path.Combine(ofServer, "postgres")).FullName, durable: false, "max_wal_size=128MB");
        var database = await server.CreateDatabaseAsync() + $";Application Name={OwnName}";
        await using var pooler = options.Pooler ? await PgBouncer.StartAsync(database) : null;
        await using var proxy = new FaultProxy(pooler?.ConnectionString ?? database);
        await using var services = ClientOf(database);
        await services.GetRequiredService<IJobStore>().InitializeAsync(default);

        // A client of this pooler cannot rely on statements that it has prepared.
        var ofWorkers = new NpgsqlConnectionStringBuilder(proxy.ConnectionString) { ApplicationName = "worker" };
        if (options.Pooler)
            ofWorkers.MaxAutoPrepare = 0;
        var fleet = new Fleet(options, ofWorkers.ConnectionString, _directory, log);
        ChaosReport report;
        await using (fleet)
        {
            var workload = new Workload(options, services.GetRequiredService<IJobClient>(), log);
            await InjectAsync(new Injector(server, proxy, fleet, workload, new ServerFaults(server, database, disk, log), log), fleet, workload, services, database);
            proxy.Pass();
            await SettleAsync(database, services.GetRequiredService<IRecurringJobs>());
            Leftovers.CheckDescriptors(fleet, log);
            await fleet.StopAsync();
            NpgsqlConnection.ClearAllPools();
            await Leftovers.CheckDatabaseAsync(database, options.Pooler, log);
            Leftovers.CheckMachine(_directory, proxy, fleet, log);
            var jobs = await StoredJob.ReadAsync(database);
            var runs = LedgerRun.Read(Fleet.LedgerOf(_directory));
            var audit = new Audit(workload.Ordered, jobs, runs, log);
            audit.Run();
            report = new ChaosReport(options, log, jobs, runs, audit)
            {
                Counters = await CountersAsync(database), Unanswered = workload.Unanswered, Refused = fleet.Refused, Workers = fleet.All.Count,
            };
        }

        NpgsqlConnection.ClearAllPools();
        if (options.Keep || log.Violations.Count > 0)
            log.Note($"Logs and ledger are in {_directory}");
        return report;
    }

    /// <summary>Takes the run's files away, unless somebody is to look at them.</summary>
    public void CleanUp()
    {
        if (!options.Keep && log.Violations.Count == 0)
            Directory.Delete(_directory, recursive: true);
    }

    async Task InjectAsync(Injector injector, Fleet fleet, Workload workload, ServiceProvider services, string database)
    {
        var recurring = services.GetRequiredService<IRecurringJobs>();
        for (var i = 0; i < RecurringJobs; i++)
        {
            var key = Ordered.FirstRecurring + i;
            await recurring.AddOrUpdateAsync($"tick-{i}", JobCall.Of(() => ChaosJobs.TickAsync(key, null!)), $"*/{RecurringSeconds} * * * * *",
                new RecurringJobOptions { Misfire = Misfire.Strict });
        }

        for (var i = 0; i < options.Workers; i++)
            fleet.Start();
        using var stop = new CancellationTokenSource();
        var working = workload.RunAsync(stop.Token);
        var works = await WaitAsync("the workers do something", TimeSpan.FromMinutes(1), () => Task.FromResult(
            Directory.EnumerateFiles(Fleet.LedgerOf(_directory)).Select(file => Path.GetFileName(file).Split('-')[0]).Distinct().Count() == options.Workers));
        if (!works)
            throw new InvalidOperationException($"The workers do not run these jobs: {fleet.All[0].Process.Output}");
        foreach (var worker in fleet.Live)
            worker.Descriptors = Processes.DescriptorsOf(worker.Process.Id);
        await HostileRows.AddAsync(database, 1 + (options.Jobs / 1000));
        await injector.RunAsync(Plan.Of(options));
        await stop.CancelAsync();
        await working;
    }

    async Task SettleAsync(string database, IRecurringJobs recurring)
    {
        log.Note("No more faults: waiting until all jobs have ended");
        for (var i = 0; i < RecurringJobs; i++)
            await WaitAsync($"tick-{i} is paused", _patience, () => recurring.PauseAsync($"tick-{i}"));
        const string unended = "select count(*) from hangfire.job where statename is null or statename not in ('Succeeded', 'Failed', 'Deleted')";
        // A slow machine may have much left: as long as it becomes less, all is well.
        long left = long.MaxValue, before;
        do
        {
            before = left;
            left = await LeftAsync(database, unended);
        }
        while (left > 0 && left < before);
        if (left > 0)
        {
            log.Violation($"{left} jobs have not ended, and become no fewer");
            return;
        }

        await WaitAsync("no queue row is left", _patience, async () => await Sql.ScalarAsync(database, "select count(*) from hangfire.jobqueue") is 0L);
        log.Note("All jobs have ended");
    }

    /// <returns>How many there are after some time; 0 as soon as there are none.</returns>
    async Task<long> LeftAsync(string database, string count)
    {
        var left = long.MaxValue;
        var began = TimeProvider.System.GetTimestamp();
        while (left > 0 && TimeProvider.System.GetElapsedTime(began) < options.SettleTime)
        {
            await HoldsAsync(async () => (left = (long)(await Sql.ScalarAsync(database, count))!) == 0);
            await Task.Delay(_look, TimeProvider.System, CancellationToken.None);
        }

        return left;
    }

    async Task<bool> WaitAsync(string what, TimeSpan limit, Func<Task<bool>> condition)
    {
        try
        {
            await Eventually.HoldsAsync(async () =>
            {
                if (await HoldsAsync(condition))
                    return true;
                await Task.Delay(_look, TimeProvider.System, CancellationToken.None);
                return false;
            }, limit, what);
            return true;
        }
        catch (TimeoutException e)
        {
            log.Violation(e.Message);
            return false;
        }
    }

    // The driver's own pooled connections have seen the faults of the server, too.
    static async Task<bool> HoldsAsync(Func<Task<bool>> condition)
    {
        try
        {
            return await condition();
        }
        catch (NpgsqlException)
        {
            return false;
        }
    }

    static async Task<string> CountersAsync(string database) =>
        string.Join(", ", await Sql.LinesAsync(database, "select name || ' ' || value from jobrunner.counter order by name"));

    static ServiceProvider ClientOf(string database)
    {
        var services = new ServiceCollection();
        services.AddJobRunner().UsePostgres(database);
        return services.BuildServiceProvider();
    }

    // The server runs as a user of its own, which must find its way to its files, and take them away.
    static void OpenToAll(string directory)
    {
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(directory, File.GetUnixFileMode(directory) | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute);
    }
}
