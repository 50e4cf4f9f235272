using JobRunner.Storage;
using JobRunner.TestSupport;
using Microsoft.Extensions.DependencyInjection;

namespace JobRunner.Worker.Tests;

/// <summary>Several workers on one database, as far as they leave work to each other.</summary>
public sealed class FleetOnPostgresTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    const int Workers = 8;
    const int Jobs = 40;

    static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);

    readonly List<WorkerHost> _workers = [];
    int _claims;

    public async Task InitializeAsync()
    {
        for (var rank = 0; rank < Workers; rank++)
        {
            // They look once, at their start, so what they know of each other is what they are told here.
            _workers.Add(await StartAsync());
            await Eventually.HoldsAsync(() => FleetOf(rank).Size == rank + 1, _patience);
            await Eventually.HoldsAsync(ListeningAsync, _patience);
        }

        for (var rank = 0; rank < Workers; rank++)
            FleetOf(rank).See(new(Workers, rank));
    }

    public async Task DisposeAsync()
    {
        foreach (var worker in _workers)
            await worker.DisposeAsync();
    }

    [Fact(Timeout = 120_000)]
    public async Task A_job_wakes_two_of_many_workers()
    {
        await EchoAsync(1);
        var before = Volatile.Read(ref _claims);

        await EchoAsync(Jobs);

        (Volatile.Read(ref _claims) - before).ShouldBeInRange(Jobs, (Jobs * 2) + Workers);
    }

    async Task EchoAsync(int count)
    {
        var client = _workers[0].Client;
        for (var i = 0; i < count; i++)
            await client.WaitAsync<string>(await client.EnqueueAsync(() => ScriptedJobs.EchoAsync("one more")), _patience);
    }

    async Task<bool> ListeningAsync() => (long)(await Sql.ScalarAsync(postgres.ConnectionString,
        """
        select count(*) from pg_stat_activity
        where datname = current_database() and application_name = 'JobRunner listener' and state = 'idle' and query not like 'select pg_backend_pid%'
        """))! == _workers.Count;

    Fleet FleetOf(int rank) => _workers[rank].Services.GetRequiredService<Fleet>();

    Task<WorkerHost> StartAsync()
    {
        var faults = new StoreFaults
        {
            Before = (operation, _) =>
            {
                if (operation == nameof(IWorkQueue.ClaimAsync))
                    Interlocked.Increment(ref _claims);
                return null;
            },
        };
        return WorkerHost.StartAsync(
            builder => builder.Services.AddSingleton(faults.Around(WorkerHost.NewPostgresStore(postgres.ConnectionString))),
            options => options.PollInterval = TimeSpan.FromMinutes(1));
    }
}
