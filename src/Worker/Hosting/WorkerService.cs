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
    IWorkQueue queue, IServerRegistry servers, ISandboxPool sandboxes, Claimer claimer, Committer committer, Executions executions,
    Housekeeping housekeeping, SignsOfLife life, JobNotes notes, WorkerLanes lanes, Exclusions exclusions, Suspects suspects, ClaimWake wake,
    Fleet fleet, WorkerIdentity identity, IOptions<WorkerOptions> options, IHostApplicationLifetime lifetime, TimeProvider time,
    ILogger<WorkerService> logger) : IHostedService, IDisposable
{
    // How long a stop waits for a store that does not answer: for a claim that is under way, for the last outcomes, for the rest.
    static readonly TimeSpan _lastClaim = TimeSpan.FromSeconds(2);
    static readonly TimeSpan _lastWrites = TimeSpan.FromSeconds(5);
    static readonly TimeSpan _lastWords = TimeSpan.FromSeconds(2);

    // How long a start waits for a store that was there a moment before: a hundred workers may start in one moment.
    static readonly TimeSpan _firstWords = TimeSpan.FromSeconds(30);

    readonly CancellationTokenSource _stopClaiming = new();
    readonly CancellationTokenSource _stopHousekeeping = new();
    readonly CancellationTokenSource _stopCommitting = new();
    Task _claiming = Task.CompletedTask;
    Task _forAll = Task.CompletedTask;
    Task _whileJobsRun = Task.CompletedTask;
    Task _committing = Task.CompletedTask;
    Task _excluding = Task.CompletedTask;

    /// <summary>True when the worker stopped because it could not go on.</summary>
    public bool HasFaulted { get; private set; }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await AnnounceAsync(cancellationToken);
        await sandboxes.StartAsync(cancellationToken);
        life.Start();
        _committing = Run("commit", () => committer.RunAsync(_stopCommitting.Token));
        _excluding = Task.WhenAll(
            Run("take locks", () => exclusions.RunAsync(_stopHousekeeping.Token)), Run("run suspects", () => suspects.RunAsync(_stopClaiming.Token)));
        _whileJobsRun = RunAll(housekeeping.WhileJobsRun, _stopHousekeeping.Token);
        _forAll = Task.WhenAll(
            RunAll(housekeeping.ForAll, _stopClaiming.Token),
            Run("listen", () => queue.ListenAsync(OnSignal, _stopClaiming.Token)));
        _claiming = Run("claim", () => claimer.RunAsync(_stopClaiming.Token));
        logger.Started(identity.ServerId, string.Join(", ", options.Value.Groups.Names), lanes.All[0].Capacity, lanes.All[1].Capacity, lanes.All[2].Capacity);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_stopClaiming.IsCancellationRequested)
            return; // a host may be told to stop more than once
        await StopClaimingAsync();
        await DrainAsync();
        await WriteLastAsync();
        await Quietly(sandboxes.DisposeAsync().AsTask());
        logger.Stopped();
    }

    public void Dispose()
    {
        _stopClaiming.Dispose();
        _stopHousekeeping.Dispose();
        _stopCommitting.Dispose();
    }

    async Task AnnounceAsync(CancellationToken cancellationToken)
    {
        var retry = new StoreRetry(logger, "announce this worker", time);
        for (var started = time.GetTimestamp(); ;)
        {
            try
            {
                await Task.Run(life.Announce, cancellationToken);
                retry.Over();
                return;
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested && time.GetElapsedTime(started) < _firstWords)
            {
                await retry.PauseAsync(e, cancellationToken);
            }
        }
    }

    async Task StopClaimingAsync()
    {
        await _stopClaiming.CancelAsync();
        await Quietly(_claiming, _lastClaim);
        logger.Stopping(executions.Count);
        await GiveBackAsync(lanes.All.SelectMany(lane => lane.TakeLine()).Concat(exclusions.TakeLine()).Concat(suspects.TakeLine()));
    }

    async Task DrainAsync()
    {
        var running = await executions.WaitForEndsAsync(options.Value.ShutdownGrace, time);
        if (running.Count == 0)
            return;
        logger.Cancelling(running.Count, options.Value.ShutdownGrace);
        foreach (var execution in running)
            execution.Stop(EndReason.Shutdown);
        running = await executions.WaitForEndsAsync(options.Value.CancelGrace, time);
        if (running.Count == 0)
            return;
        logger.Abandoning(running.Count);
        await GiveBackAsync(running);
    }

    // The committer takes them at once, unless the store has taken nothing for long: then they are rescued.
    Task GiveBackAsync(IEnumerable<Execution> executions) =>
        Quietly(Task.WhenAll([.. executions.Select(execution => committer.EndAsync(execution, new Outcome.Interrupted()).AsTask())]), _lastWords);

    async Task WriteLastAsync()
    {
        committer.Complete();
        _stopCommitting.CancelAfter(_lastWrites);
        await Quietly(_committing, _lastWrites);
        await Quietly(notes.FlushAsync(CancellationToken.None), _lastWords);
        await _stopHousekeeping.CancelAsync();
        await Quietly(Task.WhenAll(_whileJobsRun, _forAll, _excluding), _lastWords);
        await Quietly(exclusions.ReleaseAsync(CancellationToken.None), _lastWords);
        life.Stop();
        await Quietly(servers.WithdrawAsync(identity.ServerId, CancellationToken.None), _lastWords);
    }

    void OnSignal(StoreSignal signal)
    {
        if (signal.Kind == StoreSignalKind.Withdrawn)
            executions.Withdraw(signal.JobId, signal.StateId);
        else if (fleet.IsCalled(signal))
            wake.News();
    }

    Task RunAll(IEnumerable<Poller> pollers, CancellationToken stopping) =>
        Task.WhenAll(pollers.Select(poller => Run(poller.Name, () => poller.RunAsync(stopping))));

    // No loop ends before the stop. If one does, by a fault of ours, a worker would be left that looks alive and does only half of its work: so the
    // application stops, as it does for a BackgroundService, and is started again by whoever looks after it.
    Task Run(string name, Func<Task> loop) => Task.Run(
        async () =>
        {
            try
            {
                await loop();
            }
            catch (Exception e) when (!_stopClaiming.IsCancellationRequested)
            {
                logger.LoopEnded(e, name);
                HasFaulted = true;
                lifetime.StopApplication();
            }
        },
        CancellationToken.None);

    // At a stop a store that is gone must not keep the rest from stopping; what could not be written is rescued by others.
    async Task Quietly(Task task, TimeSpan? limit = null)
    {
        try
        {
            await task.WaitAsync(limit ?? Timeout.InfiniteTimeSpan, time);
        }
        catch (Exception e)
        {
            logger.StopFailed(e);
        }
    }
}
