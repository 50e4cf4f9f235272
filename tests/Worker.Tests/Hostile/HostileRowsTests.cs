using System.Diagnostics;
using System.Globalization;
using JobRunner.Storage;
using JobRunner.TestSupport;
using Microsoft.Extensions.DependencyInjection;
using Xunit.Abstractions;

namespace JobRunner.Worker.Tests.Hostile;

/// <summary>
/// A worker over rows that nobody should have written, and outcomes that nobody should leave: each of them ends in words or does no harm, and
/// the sound jobs among them all run. <c>JOBRUNNER_HOSTILE_ROWS=100000</c> makes it more of them; <c>JOBRUNNER_HOSTILE_SEED</c> repeats a run.
/// </summary>
public sealed class HostileRowsTests(ITestOutputHelper output)
{
    const int Healthy = 10;
    const int Many = 100_000;

    readonly int _count = Setting("JOBRUNNER_HOSTILE_ROWS", 2000);
    readonly int _seed = Setting("JOBRUNNER_HOSTILE_SEED", Random.Shared.Next());
    string _database = null!;

    TimeSpan Patience => TimeSpan.FromSeconds(60 + (_count / 100));

    [Fact(Timeout = 1_800_000)]
    public async Task Each_hostile_row_ends_in_words_or_does_no_harm_and_sound_jobs_run_among_them()
    {
        output.WriteLine($"{_count} rows of seed {_seed}");
        var random = new Random(_seed);
        _database = await PostgresFixture.CreateDatabaseAsync();
        await using (var empty = (IAsyncDisposable)await InitializedAsync())
        {
        }

        var rows = new Dictionary<long, HostileRow>(_count);
        foreach (var some in Rows(random).Chunk(500))
        {
            foreach (var (id, row) in (await HostileDatabase.AddAsync(_database, some)).Zip(some))
                rows.Add(id, row);
        }

        var recurring = HostileDatabase.Recurring(random).ToArray();
        await HostileDatabase.AddEntriesAsync(_database, recurring);

        using var memory = new PeakMemory();
        var started = Stopwatch.GetTimestamp();
        RecordedLog log;
        await using (var worker = await WorkerHost.StartAsync(builder => builder.UsePostgres(_database), Configure))
        {
            log = worker.Log;
            await SoundOnesRunAsync(worker);
            var wrong = await WrongAsync(rows, started);
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{rows.Count} rows in {Stopwatch.GetElapsedTime(started).TotalSeconds:0.0} s, at most {memory.Megabytes} MB more than before"));
            foreach (var kind in rows.Values.GroupBy(row => row.Kind))
                output.WriteLine($"  {kind.Count(),6} {kind.Key}");
            wrong.ShouldBeEmpty(string.Join('\n', log.Lines.Where(IsError).Take(5)));
            var told = await Sql.LinesAsync(_database, "select substr(key, 15) from hangfire.hash where field = 'Error' and value <> ''");
            recurring.Where(job => !told.Contains(job.Id)).Select(job => job.Fields).ShouldBeEmpty("recurring jobs that nobody told what is wrong with them");
            await ReadAllAsync(worker.Store, rows.Keys);
        }

        (await Sql.LinesAsync(_database, "select jobid::text from hangfire.jobqueue where fetchedat is not null")).ShouldBeEmpty("what is claimed although the worker has stopped");
        log.Lines.Where(IsError).ShouldBeEmpty();
        memory.Megabytes.ShouldBeLessThan(_count < Many ? 1500 : 3000);
    }

    static void Configure(WorkerOptions options)
    {
        options.UnknownJobs = UnknownJobs.Fail;
        options.HeartbeatInterval = TimeSpan.FromMilliseconds(500);
        options.RescueAfter = TimeSpan.FromSeconds(5);
    }

    async Task<IJobStore> InitializedAsync()
    {
        var store = WorkerHost.NewPostgresStore(_database);
        await store.InitializeAsync(default);
        return store;
    }

    IEnumerable<HostileRow> Rows(Random random)
    {
        var kinds = new[] { HostileCalls.Kinds, HostileSurroundings.Kinds, HostileOutcomes.Kinds }.SelectMany(kinds => kinds).ToArray();
        foreach (var row in _count < Many ? HostileOutcomes.Heavy : HostileOutcomes.Heavy.Append(HostileOutcomes.Huge))
            yield return row;
        for (var i = 0; i < _count; i++)
            yield return i % Healthy == 0 ? HostileRow.Harmless("none: a sound job") : kinds[random.Next(kinds.Length)](random);
    }

    // Beside each kind of housekeeping that hostile entries are in the way of.
    async Task SoundOnesRunAsync(WorkerHost worker)
    {
        var scheduled = await worker.Client.ScheduleAsync(() => ScriptedJobs.EchoAsync("scheduled"), TimeSpan.FromMilliseconds(100));
        var parent = await worker.Client.EnqueueAsync(() => ScriptedJobs.EchoAsync("parent"));
        var continuation = await worker.Client.ContinueWithAsync(parent, () => ScriptedJobs.EchoAsync("continuation"));
        await worker.Services.GetRequiredService<IRecurringJobs>().AddOrUpdateAsync("sound", () => ScriptedJobs.EchoAsync("recurring"), "* * * * * *");
        (await worker.Client.WaitAsync<string>(scheduled, Patience)).ShouldBe("scheduled");
        (await worker.Client.WaitAsync<string>(continuation, Patience)).ShouldBe("continuation");
        await Eventually.HoldsAsync(async () => (await Sql.LinesAsync(_database,
            "select j.id::text from hangfire.job j join hangfire.jobparameter p on p.jobid = j.id where p.name = 'RecurringJobId' and p.value = '\"sound\"' and j.statename = 'Succeeded'")).Count > 0,
            Patience, "the sound recurring job runs");
    }

    /// <summary>Waits until each row has become what it must.</summary>
    /// <returns>What has not, by kind.</returns>
    async Task<string[]> WrongAsync(Dictionary<long, HostileRow> rows, long started)
    {
        while (true)
        {
            var ends = await HostileDatabase.EndsAsync(_database, rows.Keys.Min(), rows.Keys.Max());
            var wrong = rows.Where(row => !IsAsItMust(row.Value, ends.GetValueOrDefault(row.Key))).ToArray();
            if (wrong.Length == 0 || Stopwatch.GetElapsedTime(started) > Patience)
                return [.. wrong.GroupBy(row => row.Value.Kind).Select(kind => $"{kind.Count()} of {kind.Key}, such as {Told(kind.First(), ends)}")];
            await Task.Delay(TimeSpan.FromMilliseconds(300), TimeProvider.System, CancellationToken.None);
        }
    }

    static string Told(KeyValuePair<long, HostileRow> row, Dictionary<long, (string State, string? Failure)> ends) =>
        $"job {row.Key}, {Readable(ends.GetValueOrDefault(row.Key).ToString())}: it must be {row.Value.Ends} ({row.Value.Told}): {Readable(row.Value.ToString())}";

    static string Readable(string text) => string.Concat(text.Take(500).Select(c => c is >= ' ' and <= '~' ? c : '?'));

    static bool IsAsItMust(HostileRow row, (string? State, string? Failure) end) => row.Ends switch
    {
        Ends.Failed => end.Failure is { Length: > 3 } failure && failure.Contains(row.Told, StringComparison.Ordinal),
        Ends.Succeeded => end.State == "Succeeded",
        Ends.Waiting => end.State == row.StateName,
        _ => end.State is null or "Succeeded" || end.Failure is { Length: > 3 } || row.Expires is not null,
    };

    // What pages show must be readable, whatever it is.
    static async Task ReadAllAsync(IJobStore store, IEnumerable<long> ids)
    {
        foreach (var id in ids.Take(1000))
            await store.Reader.GetAsync(id, default);
        foreach (var state in JobStates.All)
            await store.Reader.ListAsync(state, 0, 500, default);
        await store.Servers.ListAsync(default);
        await store.Reader.CountAsync(default);
    }

    static bool IsError(string line) => line.StartsWith("Error", StringComparison.Ordinal) || line.StartsWith("Critical", StringComparison.Ordinal);

    static int Setting(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var value) ? value : otherwise;

    /// <summary>Looks at the memory of this process many times a second.</summary>
    sealed class PeakMemory : IDisposable
    {
        readonly long _before = Now();
        readonly Timer _timer;
        long _peak;

        public PeakMemory() => _timer = new(_ => _peak = Math.Max(_peak, Now()), null, 0, 50);

        public long Megabytes => Math.Max(0, _peak - _before) >> 20;

        public void Dispose() => _timer.Dispose();

        static long Now()
        {
            using var self = Process.GetCurrentProcess();
            return self.WorkingSet64;
        }
    }
}
