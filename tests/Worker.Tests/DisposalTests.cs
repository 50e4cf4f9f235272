using JobRunner.TestSupport;
using Microsoft.Extensions.DependencyInjection;

namespace JobRunner.Worker.Tests;

/// <summary>Jobs whose instances, or what they need, throw when they are disposed: it fails the job, and costs nobody a slot.</summary>
public sealed class DisposalTests
{
    static readonly TimeSpan _patience = TimeSpan.FromSeconds(20);

    [Fact(Timeout = 120_000)]
    public async Task An_exception_from_disposing_fails_the_job_and_its_slot_is_free_again()
    {
        await using var worker = await WorkerHost.StartAsync(
            worker: options => (options.AsyncConcurrency, options.ThreadConcurrency) = (1, 1),
            services: services => services.AddScoped<ThrowsInDispose>().AddScoped<NeedsThrowsInDispose>());
        var client = worker.Client;

        foreach (var fails in new[] { false, true })
        {
            long[] ids =
            [
                await client.EnqueueAsync<ThrowsInDispose>(x => x.RunAsync(fails)), await client.EnqueueAsync<ThrowsInDispose>(x => x.RunHere(fails)),
                await client.EnqueueAsync<ThrowsInDispose>(x => x.RunInASandbox(fails)),
                await client.EnqueueAsync<ThrowsInDisposeAsync>(x => x.RunAsync(fails)), await client.EnqueueAsync<ThrowsInDisposeAsync>(x => x.RunHere(fails)),
                await client.EnqueueAsync<ThrowsInDisposeAsync>(x => x.RunInASandbox(fails)),
                await client.EnqueueAsync<NeedsThrowsInDispose>(x => x.RunAsync(fails)), await client.EnqueueAsync<NeedsThrowsInDispose>(x => x.RunHere(fails)),
            ];
            foreach (var id in ids)
            {
                var error = await Should.ThrowAsync<JobFailedException>(() => client.WaitAsync(id, _patience));
                error.Message.ShouldStartWith(fails ? "the job's own" : "from Dispose", Case.Sensitive, $"job {id}");
            }
        }

        (await client.WaitAsync<string>(await client.EnqueueAsync(() => ScriptedJobs.EchoAsync("async")), _patience)).ShouldBe("async");
        (await client.WaitAsync<string>(await client.EnqueueAsync(() => ScriptedJobs.EchoOnAThread("thread")), _patience)).ShouldNotBeNull().ShouldStartWith("thread");
        (await client.WaitAsync<string>(await client.EnqueueAsync(() => ScriptedJobs.Echo("sandbox")), _patience)).ShouldBe("sandbox");
        worker.Services.GetRequiredService<Executions>().Count.ShouldBe(0);
    }
}
