using JobRunner.TestSupport;
using Npgsql;

namespace JobRunner.Worker.Tests;

/// <summary>Continuations and Hangfire's job locks, as a client and a worker meet them.</summary>
public sealed class ContinuationTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);

    [Fact(Timeout = 60_000)]
    public async Task Jobs_run_one_after_the_other_and_in_the_queue_that_their_attribute_names()
    {
        await using var worker = await StartAsync(options => options.Queues.Add("after"));
        var first = await worker.Client.EnqueueAsync(() => ScriptedJobs.WaitAtGateAsync("first of a chain", default));
        var second = await worker.Client.ContinueWithAsync(first, () => ScriptedJobs.EchoAsync("second"));
        var third = await worker.Client.ContinueWithAsync<AfterJobs>(second, x => x.EchoAsync("third"));
        var never = await worker.Client.ContinueWithAsync(second, () => ScriptedJobs.EchoAsync("never"), ContinuationOptions.OnlyOnDeletedState);

        await Gates.Of("first of a chain").Begun.Task;
        (await worker.Client.GetAsync(second))!.State!.Name.ShouldBe("Awaiting");
        Gates.Of("first of a chain").Opened.SetResult();

        (await worker.Client.WaitAsync<string>(third, _patience)).ShouldBe("third");
        (await worker.Client.GetAsync(third))!.History.Single(state => state.Name == "Enqueued").Data["Queue"].ShouldBe("after");
        await Eventually.HoldsAsync(async () => (await worker.Client.GetAsync(never))!.State!.Name == "Deleted");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_job_that_somebody_else_has_locked_is_committed_when_the_lock_is_gone_and_others_before()
    {
        await using var worker = await StartAsync();
        var locked = await worker.Client.EnqueueAsync(() => ScriptedJobs.WaitAtGateAsync("locked", default));
        await Gates.Of("locked").Begun.Task;
        await Eventually.HoldsAsync(async () => (await worker.Client.GetAsync(locked))!.State!.Name == "Processing");
        await ExecuteAsync($"insert into hangfire.lock (resource, acquired) values ('hangfire:job:{locked}:state-lock', now())");

        Gates.Of("locked").Opened.SetResult();
        for (var i = 0; i < 5; i++)
            await worker.Client.WaitAsync(await worker.Client.EnqueueAsync(() => ScriptedJobs.EchoAsync("free")), _patience);
        (await worker.Client.GetAsync(locked))!.State!.Name.ShouldBe("Processing");
        await ExecuteAsync("delete from hangfire.lock");

        (await worker.Client.WaitAsync<string>(locked, _patience)).ShouldBe("locked");
        Gates.Of("locked").Times.ShouldBe(1);
    }

    Task<WorkerHost> StartAsync(Action<WorkerOptions>? configure = null) => WorkerHost.StartAsync(
        builder =>
        {
            builder.Options.AddAssembly(typeof(AfterJobs).Assembly);
            builder.UsePostgres(postgres.ConnectionString);
        },
        options =>
        {
            options.Queues.Add("default");
            configure?.Invoke(options);
        });

    async Task ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(postgres.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}

/// <summary>Jobs with a queue of their own.</summary>
[Queue("after")]
public sealed class AfterJobs
{
    public Task<string> EchoAsync(string text) => Task.FromResult(text);
}
