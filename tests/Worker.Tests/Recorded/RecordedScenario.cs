using JobRunner.TestSupport;
using Shop.Contracts;

namespace JobRunner.Worker.Tests.Recorded;

/// <summary>One scenario that the real Hangfire played (tests/recorded/README.md), played again by our worker from the recorded
/// rows, in both forms: Hangfire's recommended settings (v180) and its oldest (v110).</summary>
public abstract class RecordedScenario(string name) : IAsyncLifetime
{
    string _connectionString = "";
    bool _plainSettings;

    protected static TimeSpan Patience => TimeSpan.FromSeconds(30);

    protected string ConnectionString => _connectionString;

    public async Task InitializeAsync()
    {
        _connectionString = await PostgresFixture.CreateDatabaseAsync();
        await using var installer = await StartWorkerAsync(options => options.Queues.Add("nobody")); // makes the tables
    }

    public virtual Task DisposeAsync() => Task.CompletedTask;

    [Theory(Timeout = 120_000)]
    [InlineData("v180")]
    [InlineData("v110")]
    public async Task Played_again_it_leaves_the_rows_that_Hangfire_left(string form)
    {
        var recording = $"{form}-{name}";
        _plainSettings = form == "v110";
        await PlayAsync(recording);

        Played(await Story.OfDatabaseAsync(_connectionString)).ShouldBe(Expected(Story.OfRecording(recording), form));
    }

    /// <summary>Puts the rows as they were and lets a worker do what the recorded server did.</summary>
    protected abstract Task PlayAsync(string recording);

    /// <summary>The recorded story, changed where we mean to differ; the override says why.</summary>
    protected virtual string Expected(string recorded, string form) => recorded;

    /// <summary>What our worker left, without what depends on how quick the machine is.</summary>
    protected virtual string Played(string story) => story;

    protected Task<WorkerHost> StartWorkerAsync(Action<WorkerOptions>? configure = null) => WorkerHost.StartAsync(
        builder =>
        {
            builder.Options.JobAssemblies.Add(typeof(StaticJobs).Assembly);
            builder.AddModule<ShopModule>();
            if (_plainSettings)
                builder.AddModule<PlainSettings>();
            builder.UsePostgres(_connectionString);
        },
        configure);

    /// <summary>Runs a worker until a job is in a state.</summary>
    protected async Task RunUntilAsync(IEnumerable<long> ids, string state, Action<WorkerOptions>? configure = null)
    {
        await using var worker = await StartWorkerAsync(configure);
        foreach (var id in ids)
            await WaitForAsync(worker, id, state);
        await WaitForQuietAsync(worker);
    }

    protected static Task WaitForAsync(WorkerHost worker, long id, string state) => Eventually.HoldsAsync(
        async () => (await worker.Store.Reader.GetAsync(id, default))!.State!.Name == state, Patience, $"job {id} is {state}");

    static Task WaitForQuietAsync(WorkerHost worker) => Eventually.HoldsAsync(
        () => Microsoft.Extensions.DependencyInjection.ServiceProviderServiceExtensions.GetRequiredService<Executions>(worker.Services).Count == 0,
        Patience, "the worker has nothing to do");
}

/// <summary>An application that gave Hangfire no JSON settings; in the worker and in its sandboxes.</summary>
public sealed class PlainSettings : IJobModule
{
    public void ConfigureServices(Microsoft.Extensions.DependencyInjection.IServiceCollection services)
    {
    }

    public void Configure(JobRunnerOptions options) => options.ArgumentSettings = new Newtonsoft.Json.JsonSerializerSettings();
}

/// <summary>The services of the recorded application.</summary>
public sealed class ShopModule : IJobModule
{
    public void ConfigureServices(Microsoft.Extensions.DependencyInjection.IServiceCollection services) =>
        Microsoft.Extensions.DependencyInjection.ServiceCollectionServiceExtensions.AddTransient<IInvoices, Invoices>(services);
}
