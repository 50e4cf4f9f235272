using JobRunner.TestSupport;

namespace JobRunner.Worker.Tests;

public sealed class MiddlewareTests : IAsyncLifetime
{
    WorkerHost? _host;

    static TimeSpan Patience => TimeSpan.FromSeconds(20);

    IJobClient Client => _host!.Client;

    public async Task InitializeAsync() => _host = await WorkerHost.StartAsync(builder =>
    {
        builder.AddModule<MiddlewareModule>();
        builder.UseInMemory();
    });

    public async Task DisposeAsync() => await _host!.DisposeAsync();

    [Fact(Timeout = 60_000)]
    public async Task Middleware_wraps_a_job_in_the_order_of_its_registration()
    {
        var id = await Client.EnqueueAsync(() => ScriptedJobs.EchoAsync("x"));

        (await Client.WaitAsync<string>(id, Patience)).ShouldBe("outer(ScriptedJobs.EchoAsync True: x)");
    }

    [Fact(Timeout = 60_000)]
    public async Task Middleware_of_a_module_wraps_jobs_in_sandboxes_too()
    {
        var id = await Client.EnqueueAsync(() => ScriptedJobs.Echo("y"));

        (await Client.WaitAsync<string>(id, Patience)).ShouldBe("outer(ScriptedJobs.Echo True: y)");
    }

    [Fact(Timeout = 60_000)]
    public async Task Middleware_may_skip_a_job()
    {
        var id = await Client.EnqueueAsync(() => ScriptedJobs.EchoAsync("skip"));

        (await Client.WaitAsync<string>(id, Patience)).ShouldBe("outer(skipped)");
    }

    [Fact(Timeout = 60_000)]
    public async Task What_a_job_throws_goes_through_middleware_unchanged()
    {
        var id = await Client.EnqueueAsync(() => ScriptedJobs.Fail("boom"));

        (await Should.ThrowAsync<JobFailedException>(() => Client.WaitAsync(id, Patience))).Info.Type.ShouldBe("System.InvalidOperationException");
    }
}
