using JobRunner.TestSupport;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace JobRunner.Worker.Tests;

/// <summary>Two workers on one database enqueue the same recurring jobs; the clock of one is three seconds ahead; and what a wrong clock does to scheduled jobs.</summary>
public sealed class RecurringRaceTests(PostgresFixture fixture) : IClassFixture<PostgresFixture>
{
    const int Jobs = 100;
    const string EverySecond = "* * * * * *";

    static readonly TimeSpan _duration = TimeSpan.FromSeconds(8);

    [Fact(Timeout = 120_000)]
    public async Task Each_occurrence_is_enqueued_exactly_once()
    {
        await using var first = await StartAsync();
        await using var second = await StartAsync(services => services.AddSingleton<TimeProvider>(new ClockAhead(TimeSpan.FromSeconds(3))));
        var recurring = first.Services.GetRequiredService<IRecurringJobs>();
        for (var i = 0; i < Jobs; i++)
            await recurring.AddOrUpdateAsync($"{(i % 2 == 0 ? "strict" : "relaxed")}-{i}", () => ScriptedJobs.EchoAsync("tick"), EverySecond,
                new() { Misfire = i % 2 == 0 ? Misfire.Strict : Misfire.Relaxed });
        await Task.Delay(_duration, TimeProvider.System, CancellationToken.None);
        foreach (var job in await recurring.ListAsync())
            await recurring.PauseAsync(job.Id);

        var times = await TimesAsync();
        times.Count.ShouldBe(Jobs);
        foreach (var (id, runs) in times)
        {
            runs.ShouldBe([.. runs.Distinct().Order()], $"{id} ran twice for one second");
            runs.Length.ShouldBeGreaterThan((int)_duration.TotalSeconds - 3, id);
            if (id.StartsWith("strict", StringComparison.Ordinal))
                (runs[^1] - runs[0] + 1).ShouldBe(runs.Length, $"{id} left an occurrence out");
        }
    }

    [Fact(Timeout = 60_000)]
    public async Task A_worker_whose_clock_is_ahead_enqueues_no_scheduled_job_before_its_time()
    {
        await using var worker = await StartAsync(services => services.AddSingleton<TimeProvider>(new ClockAhead(TimeSpan.FromHours(1))));
        var now = TimeProvider.System.GetUtcNow();
        var early = await worker.Client.ScheduleAsync(JobCall.Of(() => ScriptedJobs.EchoAsync("early")), now.AddMinutes(10));
        var due = await worker.Client.ScheduleAsync(JobCall.Of(() => ScriptedJobs.EchoAsync("due")), now);

        (await worker.Client.WaitAsync<string>(due, TimeSpan.FromSeconds(20))).ShouldBe("due");

        (await worker.Client.GetAsync(early))!.State!.Name.ShouldBe("Scheduled");
    }

    Task<WorkerHost> StartAsync(Action<IServiceCollection>? services = null) =>
        WorkerHost.StartAsync(builder => builder.UsePostgres(fixture.ConnectionString), services: services);

    /// <summary>The times for which each recurring job was enqueued, in the order in which it was.</summary>
    async Task<Dictionary<string, long[]>> TimesAsync()
    {
        await using var connection = new NpgsqlConnection(fixture.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("""
            select trim(i.value, '"'), array_agg(t.value::bigint order by t.jobid)
            from hangfire.jobparameter i join hangfire.jobparameter t on t.jobid = i.jobid and t.name = 'Time'
            where i.name = 'RecurringJobId' group by i.value
            """, connection);
        await using var reader = await command.ExecuteReaderAsync();
        var times = new Dictionary<string, long[]>();
        while (await reader.ReadAsync())
            times.Add(reader.GetString(0), reader.GetFieldValue<long[]>(1));
        return times;
    }

    sealed class ClockAhead(TimeSpan ahead) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + ahead;
    }
}
