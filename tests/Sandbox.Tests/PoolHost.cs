using System.Linq.Expressions;
using JobRunner.Sandbox.Tests.Jobs;
using Microsoft.Extensions.DependencyInjection;

namespace JobRunner.Sandbox.Tests;

/// <summary>A pool as an application has it, with verbs for tests.</summary>
sealed class PoolHost : IAsyncDisposable
{
    readonly ServiceProvider _services;

    public PoolHost(Action<SandboxOptions>? configure = null, Action<JobRunnerOptions>? jobs = null)
    {
        var services = new ServiceCollection();
        services.AddJobRunner(o =>
        {
            o.AddModule<TestModule>();
            jobs?.Invoke(o);
        }).UseInMemory();
        services.AddSandboxPool(o =>
        {
            o.Maximum = 2;
            configure?.Invoke(o);
        });
        _services = services.BuildServiceProvider();
        Pool = _services.GetRequiredService<ISandboxPool>();
    }

    public ISandboxPool Pool { get; }

    public SandboxCall Call(Expression<Action> call) => new(Pool.Arguments.ToInvocation(JobCall.Of(call)));

    public SandboxCall Call(Expression<Func<Task>> call) => new(Pool.Arguments.ToInvocation(JobCall.Of(call)));

    public Task<SandboxEnd> RunAsync(Expression<Action> call, CancellationToken cancellationToken = default) =>
        Pool.RunAsync(Call(call), cancellationToken);

    public async Task<SandboxEnd.Ended> EndOfAsync(SandboxCall call, CancellationToken cancellationToken = default) =>
        (await Pool.RunAsync(call, cancellationToken)).ShouldBeOfType<SandboxEnd.Ended>();

    /// <summary>Cancels a call once it runs, and waits for its end.</summary>
    public async Task<SandboxEnd.Ended> CancelWhileBusyAsync(SandboxCall call)
    {
        using var cancellation = new CancellationTokenSource();
        var running = EndOfAsync(call, cancellation.Token);
        await BusyProcessAsync();
        await cancellation.CancelAsync();
        return await running;
    }

    /// <summary>A sandbox is whole when the next job runs.</summary>
    public async Task ShouldStillWorkAsync() => (await Pool.RunAsync(() => TestJobs.Add(1, 2))).ShouldBe(3);

    /// <summary>Waits until a busy sandbox runs the job, and returns its process id.</summary>
    public async Task<int> BusyProcessAsync()
    {
        while (true)
        {
            if (Pool.Sandboxes.FirstOrDefault(sandbox => sandbox.State == SandboxState.Busy) is { } busy)
                return busy.ProcessId;
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
        }
    }

    public ValueTask DisposeAsync() => _services.DisposeAsync();

    /// <summary>True while the process exists, also as a zombie.</summary>
    public static bool Exists(int processId) => Directory.Exists($"/proc/{processId}");
}
