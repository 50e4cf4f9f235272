using JobRunner.Storage;
using JobRunner.TestSupport;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace JobRunner.Postgres.Tests;

/// <summary>Single jobs enqueued by many callers at once.</summary>
public sealed class EnqueueTests(PostgresFixture fixture) : StoreTests(fixture)
{
    IJobClient Client() => new ServiceCollection().AddLogging().AddSingleton<IJobStore>(Store).AddJobRunner().Services
        .BuildServiceProvider().GetRequiredService<IJobClient>();

    [Fact(Timeout = 60_000)]
    public async Task Concurrent_single_calls_share_transactions()
    {
        var client = Client();
        await client.EnqueueAsync(() => Work.Do("first"));
        var before = await CommitsAsync();

        var ids = await Task.WhenAll(Enumerable.Range(0, 1000).Select(n => Task.Run(() => client.EnqueueAsync(() => Work.Do($"{n}")))));

        ids.Distinct().Count().ShouldBe(1000);
        (await CommitsAsync() - before).ShouldBeLessThan(200);
        foreach (var (n, id) in ids.Index().Where(job => job.Index % 100 == 0))
            (await client.GetAsync(id))!.Invocation!.Arguments.ShouldBe([$"\"{n}\""], "each caller got the id of its own job");
    }

    [Fact(Timeout = 60_000)]
    public async Task Jobs_added_one_by_one_are_told_of_all_and_not_each()
    {
        const int jobs = 200;
        var heard = new List<string>();
        await using var listener = new NpgsqlConnection(ConnectionString);
        listener.Notification += (_, told) => heard.Add(told.Payload);
        await listener.OpenAsync();
        await using (var listen = new NpgsqlCommand("listen new_job", listener))
            await listen.ExecuteNonQueryAsync();
        var client = Client();

        for (var n = 0; n < jobs; n++)
            await client.EnqueueAsync(() => Work.Do("one"));

        while (heard.Sum(payload => int.Parse(payload.Split(':')[1], System.Globalization.CultureInfo.InvariantCulture)) < jobs)
            (await listener.WaitAsync(TimeSpan.FromSeconds(10))).ShouldBeTrue("a notification for each job");
        heard.Count.ShouldBeLessThan(jobs);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_job_that_the_database_refuses_fails_its_own_caller_alone()
    {
        await Sql.ExecuteAsync(ConnectionString, """
            create function public.refuse() returns trigger language plpgsql as $$ begin
                if new.arguments::text like '%poison%' then raise exception 'no poison here'; end if;
                return new;
            end $$;
            create trigger refuse before insert on hangfire.job for each row execute function public.refuse();
            """);
        try
        {
            var client = Client();
            var calls = Enumerable.Range(0, 200).Select(n => Task.Run(() => client.EnqueueAsync(() => Work.Do(n % 50 == 7 ? "poison" : "bread")))).ToArray();
            await Task.WhenAll(calls).ContinueWith(static _ => { }, TaskScheduler.Default);

            calls.Index().Where(call => call.Item.IsFaulted).Select(call => call.Index).ShouldBe([7, 57, 107, 157]);
            calls[7].Exception!.InnerException!.Message.ShouldContain("no poison here");
            (await Store.Reader.CountAsync(default)).ByState["Enqueued"].ShouldBe(196);
        }
        finally
        {
            await Sql.ExecuteAsync(ConnectionString, "drop trigger refuse on hangfire.job; drop function public.refuse()");
        }
    }

    [Fact(Timeout = 60_000)]
    public async Task A_call_that_is_cancelled_before_its_turn_adds_nothing()
    {
        var client = Client();
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => client.EnqueueAsync(() => Work.Do("never"), cancelled.Token));
        await client.EnqueueAsync(() => Work.Do("once"));

        (await Store.Reader.CountAsync(default)).ByState["Enqueued"].ShouldBe(1);
    }

    [Fact(Timeout = 60_000)]
    public async Task The_trigger_tells_of_jobs_that_silent_clients_enqueue_and_only_of_them()
    {
        const string enqueue = "insert into hangfire.jobqueue (jobid, queue) values (1, 'default')";
        await using var store = TestStore.Open(ConnectionString, options => options.NotifyTrigger = true);
        await store.InitializeAsync(default);
        await store.InitializeAsync(default);
        try
        {
            using var stop = new CancellationTokenSource();
            var signals = System.Threading.Channels.Channel.CreateUnbounded<StoreSignal>();
            var listening = store.Queue.ListenAsync(signal => signals.Writer.TryWrite(signal), stop.Token);
            await signals.Reader.ReadAsync(); // once at the start

            await Sql.ExecuteAsync(ConnectionString, "insert into hangfire.jobqueue (jobid, queue) select 1, 'default' where false");
            await Sql.ExecuteAsync(ConnectionString, "notify new_job, 'mark'"); // had the empty insert told, two signals would have come
            await signals.Reader.ReadAsync();
            await Sql.ExecuteAsync(ConnectionString, enqueue);
            (await signals.Reader.ReadAsync()).Kind.ShouldBe(StoreSignalKind.Enqueued);
            signals.Reader.Count.ShouldBe(0);
            await stop.CancelAsync();
            await listening;
        }
        finally
        {
            await Sql.ExecuteAsync(ConnectionString, "drop trigger jobrunner_notify_enqueued on hangfire.jobqueue");
        }
    }

    async Task<long> CommitsAsync()
    {
        // The statistics are told by each backend when it is idle, a little later.
        await Task.Delay(TimeSpan.FromSeconds(1.2), TimeProvider.System);
        return (long)(await Sql.ScalarAsync(ConnectionString, "select xact_commit from pg_stat_database where datname = current_database()"))!;
    }
}

public static class Work
{
    public static void Do(string what) => _ = what;
}
