using JobRunner.Sandbox;
using JobRunner.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace JobRunner.Worker;

/// <summary>
/// Starts and stops the parts of a worker. A stop has two stages: claiming ends at once; jobs have the grace period to
/// end by themselves, then their tokens are cancelled. What is still not done is given back at no cost to its attempts.
/// </summary>
sealed class WorkerService(
    IJobStore store, ISandboxPool sandboxes, Claimer claimer, Committer committer, Executions executions, Housekeeping housekeeping,
    JobNotes notes, WorkerLanes lanes, Exclusions exclusions, ClaimWake wake, WorkerIdentity identity, IOptions<WorkerOptions> options, TimeProvider time,
    ILogger<WorkerService> logger) : IHostedService, IDisposable
{
    // How long a stop tries to write outcomes to a store that cannot be reached.
    static readonly TimeSpan _lastWrites = TimeSpan.FromSeconds(5);

    readonly CancellationTokenSource _stopClaiming = new();
    readonly CancellationTokenSource _stopHousekeeping = new();
    readonly CancellationTokenSource _stopCommitting = new();
    Task _claiming = Task.CompletedTask;
    Task _forAll = Task.CompletedTask;
    Task _whileJobsRun = Task.CompletedTask;
    Task _committing = Task.CompletedTask;
    Task _excluding = Task.CompletedTask;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await housekeeping.AnnounceAsync(cancellationToken);
        await sandboxes.StartAsync(cancellationToken);
        _committing = Task.Run(() => committer.RunAsync(_stopCommitting.Token), CancellationToken.None);
        _excluding = Task.Run(() => exclusions.RunAsync(_stopHousekeeping.Token), CancellationToken.None);
        _whileJobsRun = RunAll(housekeeping.WhileJobsRun, _stopHousekeeping.Token);
        _forAll = Task.WhenAll(
            RunAll(housekeeping.ForAll, _stopClaiming.Token),
            Task.Run(() => store.ListenAsync(OnSignal, _stopClaiming.Token), CancellationToken.None));
        _claiming = Task.Run(() => claimer.RunAsync(_stopClaiming.Token), CancellationToken.None);
        logger.Started(identity.ServerId, string.Join(", ", options.Value.Groups.Names), lanes.All[0].Capacity, lanes.All[1].Capacity, lanes.All[2].Capacity);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_stopClaiming.IsCancellationRequested)
            return; // a host may be told to stop more than once
        await StopClaimingAsync();
        await DrainAsync();
        await WriteLastAsync();
        await Quietly(store.WithdrawAsync(identity.ServerId, CancellationToken.None));
        await sandboxes.DisposeAsync();
        logger.Stopped();
    }

    public void Dispose()
    {
        _stopClaiming.Dispose();
        _stopHousekeeping.Dispose();
        _stopCommitting.Dispose();
    }

    async Task StopClaimingAsync()
    {
        await _stopClaiming.CancelAsync();
        await _claiming;
        logger.Stopping(executions.Count);
        foreach (var execution in lanes.All.SelectMany(lane => lane.TakeLine()).Concat(exclusions.TakeLine()))
            await committer.EndAsync(execution, new Outcome.Interrupted());
    }

    async Task DrainAsync()
    {
        await executions.WaitUntilEmptyAsync(options.Value.ShutdownGrace, time);
        if (executions.Count == 0)
            return;
        logger.Cancelling(executions.Count, options.Value.ShutdownGrace);
        foreach (var execution in executions.All)
            execution.Stop(EndReason.Shutdown);
        await executions.WaitUntilEmptyAsync(options.Value.CancelGrace, time);
    }

    async Task WriteLastAsync()
    {
        if (executions.Count > 0)
        {
            logger.Abandoning(executions.Count);
            foreach (var execution in executions.All)
                await committer.EndAsync(execution, new Outcome.Interrupted());
        }

        committer.Complete();
        _stopCommitting.CancelAfter(_lastWrites);
        await Quietly(_committing);
        await Quietly(notes.FlushAsync(CancellationToken.None));
        await _stopHousekeeping.CancelAsync();
        await Quietly(Task.WhenAll(_whileJobsRun, _forAll, _excluding));
        await Quietly(exclusions.ReleaseAsync(CancellationToken.None));
    }

    void OnSignal(StoreSignal signal)
    {
        if (signal.Kind == StoreSignalKind.Withdrawn)
            executions.Withdraw(signal.JobId, signal.StateId);
        else
            wake.News();
    }

    static Task RunAll(IEnumerable<Poller> pollers, CancellationToken stopping) =>
        Task.WhenAll(pollers.Select(poller => Task.Run(() => poller.RunAsync(stopping), CancellationToken.None)));

    // At a stop a store that is gone must not keep the rest from stopping; what could not be written is rescued by others.
    async Task Quietly(Task task)
    {
        try
        {
            await task;
        }
        catch (Exception e)
        {
            logger.StopFailed(e);
        }
    }
}
