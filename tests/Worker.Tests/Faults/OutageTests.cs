using JobRunner.Storage;
using JobRunner.TestSupport;
using Microsoft.Extensions.DependencyInjection;

namespace JobRunner.Worker.Tests.Faults;

/// <summary>The database is away for longer than it takes to call a worker dead, for all workers at once or for one.</summary>
public sealed class OutageTests : IAsyncLifetime
{
    static readonly TimeSpan _rescueAfter = TimeSpan.FromSeconds(3);
    static readonly TimeSpan _patience = TimeSpan.FromSeconds(40);

    readonly string _gate = Guid.NewGuid().ToString();
    readonly List<WorkerHost> _workers = [];
    string _database = null!;
    FaultProxy _proxy = null!;

    IJobStore Store { get; set; } = null!;

    IJobClient Client => _workers[0].Client;

    public async Task InitializeAsync()
    {
        _database = await PostgresFixture.CreateDatabaseAsync();
        _proxy = Proxy(_database);
        Store = WorkerHost.NewPostgresStore(_database);
        await Store.InitializeAsync(default);
    }

    public async Task DisposeAsync()
    {
        _proxy.Pass();
        Gates.Of(_gate).Opened.TrySetResult();
        foreach (var worker in _workers)
            await worker.DisposeAsync();
        await _proxy.DisposeAsync();
        await ((IAsyncDisposable)Store).DisposeAsync();
    }

    [Theory(Timeout = 120_000)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Nobodys_jobs_are_taken_after_an_outage_that_all_have_had(bool silent)
    {
        for (var i = 0; i < 3; i++)
            await StartAsync(_proxy.ConnectionString);
        await RunAsync(150);

        if (silent)
            _proxy.BlackHole();
        else
            _proxy.Refuse();
        await PassAsync(_rescueAfter * 2.5);
        _proxy.Pass();
        await Eventually.HoldsAsync(async () => await RenewedAsync(150), _patience, "all leases are renewed again");
        await PassAsync(_rescueAfter * 1.5);
        Gates.Of(_gate).Opened.SetResult();

        await Eventually.HoldsAsync(async () => (await Store.Reader.CountAsync(default)).ByState["Succeeded"] == 150, _patience);
        Gates.Of(_gate).Times.ShouldBe(150);
        (await Store.Reader.CountAsync(default)).Rescued.ShouldBe(0);
    }

    [Fact(Timeout = 120_000)]
    public async Task The_jobs_of_one_that_alone_was_cut_off_are_taken_and_it_commits_nothing_of_them()
    {
        var cutOff = await StartAsync(_proxy.ConnectionString);
        await RunAsync(20);
        await StartAsync(_database);
        _proxy.BlackHole();

        await Eventually.HoldsAsync(() => Gates.Of(_gate).Times == 40, _patience, "all run again elsewhere");
        _proxy.Pass();
        await Eventually.HoldsAsync(() => cutOff.Services.GetRequiredService<Executions>().Count == 0, _patience, "it has let go of them");
        (await Store.Reader.CountAsync(default)).ByState["Processing"].ShouldBe(20);
        Gates.Of(_gate).Opened.SetResult();

        await Eventually.HoldsAsync(async () => (await Store.Reader.CountAsync(default)).ByState["Succeeded"] == 20, _patience);
        (await Store.Reader.CountAsync(default)).Rescued.ShouldBe(20);
    }

    [Theory(Timeout = 120_000)]
    [InlineData("write_runs")] // marks and ends
    [InlineData("fetchedat = now()")] // claims and renewals
    [InlineData("hangfire.server")] // announcements
    public async Task Answers_that_are_lost_behind_a_commit_cost_no_job(string sql)
    {
        await StartAsync(_proxy.ConnectionString);
        var cut = _proxy.CutAnswersOf(text => text.Contains(sql, StringComparison.Ordinal), times: 6);
        await Client.EnqueueManyAsync(Enumerable.Range(0, 100).Select(n => JobCall.Of(() => ScriptedJobs.EchoAsync($"{n}"))));
        var ids = await Client.EnqueueManyAsync(Enumerable.Range(0, 20).Select(_ => JobCall.Of(() => ScriptedJobs.WaitAtGateAsync(_gate, default))));
        await Eventually.HoldsAsync(() => cut.Hits == 6, _patience, "all have been cut");
        Gates.Of(_gate).Opened.SetResult();

        await Eventually.HoldsAsync(async () => (await Store.Reader.CountAsync(default)).ByState["Succeeded"] == 120, _patience);
        (await Store.Reader.CountAsync(default)).Orphans.ShouldBe(0);
        foreach (var id in ids)
            (await Store.Reader.GetAsync(id, default))!.History.Count(state => state.Name == "Succeeded").ShouldBe(1);
        (await Sql.LinesAsync(_database, "select jobid::text from hangfire.jobqueue")).ShouldBeEmpty();
    }

    async Task<WorkerHost> StartAsync(string connectionString)
    {
        var worker = await WorkerHost.StartAsync(builder => builder.UsePostgres(connectionString), options =>
        {
            options.RescueAfter = _rescueAfter;
            options.HeartbeatInterval = options.LeaseInterval = TimeSpan.FromSeconds(0.5);
            options.AsyncConcurrency = 60;
            options.Backlog = 0;
            options.ShutdownGrace = TimeSpan.FromSeconds(1);
        });
        _workers.Add(worker);
        return worker;
    }

    async Task RunAsync(int count)
    {
        await Client.EnqueueManyAsync(Enumerable.Range(0, count).Select(_ => JobCall.Of(() => ScriptedJobs.WaitAtGateAsync(_gate, default))));
        await Eventually.HoldsAsync(() => Gates.Of(_gate).Times == count, _patience, "all have begun");
        await Eventually.HoldsAsync(async () => (await Store.Reader.CountAsync(default)).ByState["Processing"] == count, _patience, "all are marked");
    }

    async Task<bool> RenewedAsync(int count) => (await Sql.LinesAsync(
        _database, "select count(*)::text from hangfire.jobqueue where fetchedat > now() - interval '1 second'")).Single() == $"{count}";

    static FaultProxy Proxy(string connectionString) => new(connectionString);

    // What is tested is what happens after so long: there is nothing to wait for.
    static Task PassAsync(TimeSpan time) => Task.Delay(time, TimeProvider.System, CancellationToken.None);
}
