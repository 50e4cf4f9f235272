using System.Globalization;
using JobRunner.Storage;
using JobRunner.TestSupport;
using Microsoft.Extensions.DependencyInjection;

namespace JobRunner.Worker.Tests.Faults;

/// <summary>What a worker does with jobs under which others have died, or may have.</summary>
public sealed class WorkerDeathsTests : IAsyncLifetime
{
    static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);

    readonly StoreFaults _faults = new();
    string _database = null!;
    IJobStore _store = null!;
    WorkerHost _worker = null!;

    IJobClient Client => _worker.Client;

    public async Task InitializeAsync()
    {
        _database = await PostgresFixture.CreateDatabaseAsync();
        _store = WorkerHost.NewPostgresStore(_database);
        var store = _faults.Around(_store);
        _worker = await WorkerHost.StartAsync(builder => builder.Services.AddSingleton(store), options => options.ProcessingDelay = TimeSpan.FromSeconds(1));
    }

    public async Task DisposeAsync()
    {
        await _worker.DisposeAsync();
        await ((IAsyncDisposable)_store).DisposeAsync();
    }

    [Fact(Timeout = 60_000)]
    public async Task After_three_the_job_is_failed_for_good_and_a_person_may_try_once_more()
    {
        var id = await AddAsync(() => ScriptedJobs.EchoAsync("third"), "[7,8,9]");

        (await Should.ThrowAsync<JobFailedException>(() => Client.WaitAsync(id, _patience))).Message.ShouldStartWith("3 workers died");
        var job = (await Client.GetAsync(id))!;
        job.History.Reverse().Select(state => state.Name).ShouldBe(["Scheduled", "Enqueued", "Failed"]);
        job.Parameters[WorkerDeaths.Parameter].ShouldBe("[8,9]");

        await Client.RequeueAsync(id);
        await Eventually.HoldsAsync(async () => (await Client.GetAsync(id))!.State!.Name == "Succeeded", _patience);
    }

    [Fact(Timeout = 60_000)]
    public async Task After_two_the_job_begins_alone_and_others_go_on_after_it()
    {
        await Client.EnqueueAsync(() => ScriptedJobs.WaitAtGateAsync("before the suspect", default));
        await Gates.Of("before the suspect").Begun.Task;
        var suspect = await AddAsync(() => ScriptedJobs.WaitAtGateAsync("suspect", default), "[7,8]");
        await Eventually.HoldsAsync(async () => (await WaitingAsync()) == 0, _patience, "the suspect is claimed");
        var next = await Client.EnqueueAsync(() => ScriptedJobs.WaitAtGateAsync("beside the suspect", default));

        Gates.Of("suspect").Times.ShouldBe(0, "something runs");
        Gates.Of("before the suspect").Opened.SetResult();
        await Gates.Of("suspect").Begun.Task;
        (await Client.GetAsync(suspect))!.State!.Name.ShouldBe("Processing", "its row is there before it begins");
        Gates.Of("beside the suspect").Times.ShouldBe(0);

        Gates.Of("suspect").Opened.SetResult();
        await Client.WaitAsync(suspect, _patience);
        Gates.Of("beside the suspect").Opened.SetResult();
        await Client.WaitAsync(next, _patience);
    }

    [Fact(Timeout = 60_000)]
    public async Task After_one_the_job_does_not_begin_before_it_is_written_that_it_does()
    {
        var tries = 0;
        _faults.Before = (operation, arguments) => StoreFaults.Writes(operation, arguments, "Processing") && ++tries > 0 ? StoreFaults.Broken() : null;
        var id = await AddAsync(() => ScriptedJobs.WaitAtGateAsync("written first", default), "[7]");
        await Eventually.HoldsAsync(() => tries > 2, _patience);
        Gates.Of("written first").Times.ShouldBe(0);

        _faults.Before = (_, _) => null;
        await Gates.Of("written first").Begun.Task;
        (await Client.GetAsync(id))!.State!.Name.ShouldBe("Processing");
        Gates.Of("written first").Opened.SetResult();
        await Client.WaitAsync(id, _patience);
    }

    [Fact(Timeout = 60_000)]
    public async Task After_one_their_beginnings_are_spread_over_some_seconds_and_others_begin_at_once()
    {
        var ids = new List<long>();
        for (var i = 0; i < 60; i++)
            ids.Add(await ScheduleAsync(() => ScriptedJobs.WaitAtGateAsync("spread", default), "[7]"));
        foreach (var id in ids)
            await Client.RequeueAsync(id);
        await Eventually.HoldsAsync(async () => (await WaitingAsync()) == 0, _patience, "all are claimed");
        await Client.WaitAsync(await Client.EnqueueAsync(() => ScriptedJobs.EchoAsync("at once")), _patience);
        Gates.Of("spread").Times.ShouldBeLessThan(60);

        await Eventually.HoldsAsync(() => Gates.Of("spread").Times == 60, _patience);
        Gates.Of("spread").Opened.SetResult();
        foreach (var id in ids)
            await Client.WaitAsync(id, _patience);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_job_that_ends_by_itself_is_no_suspect_any_more()
    {
        var id = await AddAsync(() => ScriptedJobs.FailAsync("by itself"), "[7,8]");

        await Eventually.HoldsAsync(async () => (await Client.GetAsync(id))!.State!.Name == "Scheduled" && (await Client.GetAsync(id))!.History.Count > 3, _patience);
        (await Client.GetAsync(id))!.Parameters[WorkerDeaths.Parameter].ShouldBe("[]");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_count_that_cannot_be_read_counts_as_none()
    {
        var id = await AddAsync(() => ScriptedJobs.EchoAsync("unreadable"), "[7,\"x");

        (await Client.WaitAsync<string>(id, _patience)).ShouldBe("unreadable");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_job_that_may_run_once_only_is_failed_instead_of_rescued()
    {
        var id = await Client.EnqueueAsync(() => ScriptedJobs.OnceAsync("once, rescued", default));
        await Gates.Of("once, rescued").Begun.Task;
        (await Client.GetAsync(id))!.State!.Name.ShouldBe("Processing", "its row is there before it begins");

        // As a rescue leaves it.
        await Sql.ExecuteAsync(_database, $"update hangfire.jobqueue set fetchedat = null, updatecount = abs(updatecount) + 1 where jobid = {id}");

        (await Should.ThrowAsync<JobFailedException>(() => Client.WaitAsync(id, _patience))).Message.ShouldContain("[AtMostOnce]");
        Gates.Of("once, rescued").Times.ShouldBe(1);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_job_that_may_run_once_only_is_failed_when_its_worker_stops_or_it_throws()
    {
        var cutOff = await Client.EnqueueAsync(() => ScriptedJobs.OnceAsync("once, cut off", default));
        var throws = await Client.EnqueueAsync(() => ScriptedJobs.OnceAsync("throw", default));
        await Gates.Of("once, cut off").Begun.Task;
        (await Should.ThrowAsync<JobFailedException>(() => Client.WaitAsync(throws, _patience))).Message.ShouldBe("thrown");

        foreach (var execution in _worker.Services.GetRequiredService<Executions>().All)
            execution.Stop(EndReason.Shutdown);

        (await Should.ThrowAsync<JobFailedException>(() => Client.WaitAsync(cutOff, _patience))).Message.ShouldContain("[AtMostOnce]");
        Gates.Of("once, cut off").Times.ShouldBe(1);
    }

    async Task<int> WaitingAsync() => int.Parse(
        (await Sql.LinesAsync(_database, "select count(*)::text from hangfire.jobqueue where fetchedat is null")).Single(), CultureInfo.InvariantCulture);

    async Task<long> AddAsync(System.Linq.Expressions.Expression<Func<Task>> call, string deaths)
    {
        var id = await ScheduleAsync(call, deaths);
        await Client.RequeueAsync(id);
        return id;
    }

    // So that no worker sees it before its count is there.
    async Task<long> ScheduleAsync(System.Linq.Expressions.Expression<Func<Task>> call, string deaths)
    {
        var id = await Client.ScheduleAsync(call, TimeSpan.FromHours(1));
        await Sql.ExecuteAsync(_database, $"insert into hangfire.jobparameter (jobid, name, value) values ({id}, '{WorkerDeaths.Parameter}', '{deaths}')");
        return id;
    }
}
