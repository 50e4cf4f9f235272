using JobRunner.TestSupport;
using Shop.Contracts;

namespace JobRunner.Worker.Tests.Faults;

/// <summary>Jobs that take their worker down, or fall silent with it: with the real executable, which dies.</summary>
public sealed class DeadWorkerTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    static readonly TimeSpan _patience = TimeSpan.FromSeconds(60);

    IJobClient Client { get; } = WorkerProgramTests.NewClient(postgres.ConnectionString);

    [Fact(Timeout = 180_000)]
    public async Task A_job_that_kills_its_worker_runs_three_times_and_everything_beside_it_ends_well()
    {
        var innocents = new List<long> { await Client.EnqueueAsync(() => StaticJobs.Sleep(300, default)) };
        var killer = await Client.EnqueueAsync(() => DeadlyJobs.FailFastAsync());
        for (var i = 0; i < 3; i++)
            innocents.Add(await Client.EnqueueAsync(() => StaticJobs.Sleep(300, default)));

        var deaths = 0;
        var told = new System.Text.StringBuilder();
        for (; deaths < 10; deaths++)
        {
            await using var worker = Start();
            var dies = worker.ExitAsync(_patience);
            if (await Task.WhenAny(dies, Client.WaitAsync(killer, _patience)) != dies)
            {
                foreach (var id in innocents)
                    await Client.WaitAsync(id, _patience);
                break;
            }

            told.AppendLine(worker.Output);
        }

        deaths.ShouldBe(3, told.ToString());
        var failure = await Should.ThrowAsync<JobFailedException>(() => Client.WaitAsync(killer, _patience));
        failure.Message.ShouldStartWith("3 workers died while they ran this job");
        (await Client.GetAsync(killer))!.History.Count(state => state.Name == "Failed").ShouldBe(1);
        foreach (var id in innocents)
            (await Client.GetAsync(id))!.State!.Name.ShouldBe("Succeeded");
    }

    [Fact(Timeout = 120_000)]
    public async Task A_worker_whose_jobs_block_every_thread_keeps_them_and_names_them()
    {
        await using var worker = Start();
        var ids = await Client.EnqueueManyAsync(Enumerable.Range(0, 100).Select(_ => JobCall.Of(() => DeadlyJobs.BlockAsync(20_000))));

        // It is told every minute at most, and first after two seconds; then a lease of three would have lapsed.
        await worker.WaitUntilAsync(() => Task.FromResult(worker.Output.Contains("DeadlyJobs.BlockAsync (", StringComparison.Ordinal)));
        await Eventually.HoldsAsync(async () => await OldestAsync() > TimeSpan.FromSeconds(8), _patience);

        worker.Output.ShouldNotContain("Took back");
        (await Sql.LinesAsync(
            postgres.ConnectionString, $"select jobid::text from hangfire.state where name = 'Processing' and jobid >= {ids.Min()} group by jobid having count(*) > 1")).ShouldBeEmpty();
        (await Sql.LinesAsync(postgres.ConnectionString, "select id::text from hangfire.jobqueue where fetchedat < now() - interval '3 seconds'")).ShouldBeEmpty();
    }

    async Task<TimeSpan> OldestAsync() => TimeSpan.FromSeconds(double.Parse(
        (await Sql.LinesAsync(postgres.ConnectionString,
            "select coalesce(extract(epoch from now() - min(createdat)), 0)::text from hangfire.job where statename in ('Enqueued', 'Processing')")).Single(),
        System.Globalization.CultureInfo.InvariantCulture));

    ProductProcess Start() => ProductProcess.Start("JobRunner.Worker", [], new Dictionary<string, string>
    {
        ["JobRunner__Postgres"] = postgres.ConnectionString,
        ["JobRunner__JobAssemblies__0"] = typeof(StaticJobs).Assembly.Location,
        ["JobRunner__Worker__RescueAfter"] = "00:00:03",
        ["JobRunner__Worker__HeartbeatInterval"] = "00:00:01",
        ["JobRunner__Worker__LeaseInterval"] = "00:00:01",
    });
}
