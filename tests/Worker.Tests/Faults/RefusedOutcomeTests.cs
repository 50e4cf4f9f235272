using JobRunner.Storage;
using JobRunner.TestSupport;
using Microsoft.Extensions.DependencyInjection;

namespace JobRunner.Worker.Tests.Faults;

/// <summary>An outcome that the store refuses holds up no other, and ends in words.</summary>
public sealed class RefusedOutcomeTests : IAsyncLifetime
{
    static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);

    readonly StoreFaults _faults = new();
    string _database = null!;
    IJobStore _store = null!;
    WorkerHost _worker = null!;

    IJobClient Client => _worker.Client;

    int Held => _worker.Services.GetRequiredService<Executions>().Count;

    public async Task InitializeAsync()
    {
        _database = await PostgresFixture.CreateDatabaseAsync();
        _store = WorkerHost.NewPostgresStore(_database);
        var store = _faults.Around(_store);
        _worker = await WorkerHost.StartAsync(
            builder => builder.Services.AddSingleton(store), options => options.HeartbeatInterval = TimeSpan.FromMilliseconds(200));
    }

    public async Task DisposeAsync()
    {
        await _worker.DisposeAsync();
        await ((IAsyncDisposable)_store).DisposeAsync();
    }

    [Fact(Timeout = 60_000)]
    public async Task One_that_cannot_be_sent_ends_as_Failed_in_words_and_the_others_of_its_batch_succeed()
    {
        var culprit = 0L;
        _faults.Before = (operation, arguments) => operation == nameof(IWorkQueue.ApplyAsync)
            && ((IReadOnlyList<StateChange>)arguments[0]!).Any(change => change.JobId == culprit && change.States[^1].Name == "Succeeded")
            ? new InvalidOperationException("JSON value too large") : null;
        var ids = await AddWithCulpritAsync(id => culprit = id);

        await AllButTheCulpritSucceedAsync(ids, culprit);
        var failure = await Should.ThrowAsync<JobFailedException>(() => Client.WaitAsync(culprit, _patience));
        failure.Message.ShouldBe("The job succeeded, and the store refuses what it left: JSON value too large");
        (await Client.GetAsync(culprit))!.History.Reverse().Select(state => state.Name).ShouldBe(["Scheduled", "Enqueued", "Processing", "Failed"]);
        await Eventually.HoldsAsync(() => Held == 0);
    }

    [Fact(Timeout = 60_000)]
    public async Task One_that_somebodys_trigger_refuses_waits_and_is_told_and_is_written_when_the_trigger_has_gone()
    {
        var culprit = 0L;
        var ids = await AddWithCulpritAsync(id => culprit = id, async id =>
        {
            await Sql.ExecuteAsync(_database, $$"""
                create function refuse() returns trigger language plpgsql as $f$ begin
                    if new.jobid = {{id}} and new.name in ('Succeeded', 'Failed') then raise exception 'not on my watch'; end if;
                    return new;
                end $f$;
                create trigger refuse before insert on hangfire.state for each row execute function refuse();
                """);
        });

        await AllButTheCulpritSucceedAsync(ids, culprit);
        await Eventually.HoldsAsync(async () => (await _worker.Store.Servers.ListAsync(default)).Single().Unwritten == 1, _patience);
        _worker.Log.Lines.ShouldContain(line => line.Contains($"refuses the outcome of job {culprit}") && line.Contains("not on my watch"));
        Held.ShouldBe(1, "its lease is renewed");

        await Sql.ExecuteAsync(_database, "drop trigger refuse on hangfire.state");
        (await Client.WaitAsync<string>(culprit, _patience)).ShouldBe("culprit");
        await Eventually.HoldsAsync(async () => (await _worker.Store.Servers.ListAsync(default)).Single().Unwritten == 0, _patience);
    }

    [Fact(Timeout = 60_000)]
    public async Task An_outage_refuses_nothing_and_costs_no_attempt()
    {
        var failures = 0;
        _faults.Before = (operation, _) => operation is nameof(IWorkQueue.ApplyAsync) or nameof(IWorkQueue.LookAsync) && ++failures < 20
            ? StoreFaults.Broken() : null;
        var id = await Client.EnqueueAsync(() => ScriptedJobs.EchoAsync("through"));

        (await Client.WaitAsync<string>(id, TimeSpan.FromSeconds(50))).ShouldBe("through");
        _worker.Log.Lines.ShouldNotContain(line => line.Contains("refuses"));
    }

    [Fact(Timeout = 120_000)]
    public async Task A_result_that_is_too_long_is_told_instead_and_long_ones_are_written_a_few_at_a_time()
    {
        var heaviest = 0L;
        _faults.Before = (operation, arguments) =>
        {
            if (operation == nameof(IWorkQueue.ApplyAsync))
                heaviest = Math.Max(heaviest, ((IReadOnlyList<StateChange>)arguments[0]!).Sum(change => change.States.Sum(state => state.Data.Values.Sum(value => (long)value.Length))));
            return null;
        };
        var tooLong = await Client.EnqueueAsync(() => ScriptedJobs.LongAsync(OutcomeBounds.MaxResult));
        var ids = await Client.EnqueueManyAsync(Enumerable.Range(0, 12).Select(_ => JobCall.Of(() => ScriptedJobs.LongAsync(6_000_000))));

        (await Client.WaitAsync<string>(tooLong, TimeSpan.FromSeconds(60))).ShouldNotBeNull().ShouldContain("67,108,866 characters of JSON, and at most 67,108,864 are stored");
        foreach (var id in ids)
            await Client.WaitAsync(id, TimeSpan.FromSeconds(60));
        heaviest.ShouldBeLessThan(16_000_000);
    }

    async Task<long[]> AddWithCulpritAsync(Action<long> know, Func<long, Task>? prepare = null)
    {
        // Known before a worker can see it: the job is scheduled first.
        var culprit = await Client.ScheduleAsync(() => ScriptedJobs.EchoAsync("culprit"), TimeSpan.FromHours(1));
        know(culprit);
        if (prepare is not null)
            await prepare(culprit);
        var ids = await Client.EnqueueManyAsync(Enumerable.Range(0, 30).Select(n => JobCall.Of(() => ScriptedJobs.EchoAsync($"{n}"))));
        await Client.RequeueAsync(culprit);
        return [.. ids, .. await Client.EnqueueManyAsync(Enumerable.Range(0, 30).Select(n => JobCall.Of(() => ScriptedJobs.EchoAsync($"{n}"))))];
    }

    async Task AllButTheCulpritSucceedAsync(long[] ids, long culprit)
    {
        foreach (var id in ids.Where(id => id != culprit))
            await Client.WaitAsync(id, _patience);
    }
}
