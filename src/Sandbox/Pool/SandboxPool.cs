using Microsoft.Extensions.Logging;

namespace JobRunner.Sandbox;

/// <summary>Carries out what the <see cref="Roster"/> decides. A dead sandbox is replaced, never repaired.</summary>
sealed partial class SandboxPool : ISandboxPool
{
    static readonly TimeSpan LookPeriod = TimeSpan.FromMilliseconds(100);

    readonly TimeProvider _time;
    readonly ILogger _logger;
    readonly SandboxOptions _options;
    readonly Roster _roster;
    readonly SandboxStarter _starter;
    readonly StartBackoff _backoff;
    readonly BackgroundTasks _background = new();
    readonly CancellationTokenSource _stopping = new();
    readonly ITimer _sweep;
    readonly ITimer _watch;
    int _looking;

    public SandboxPool(
        SandboxOptions options, JobRunnerOptions jobs, ArgumentSerializer arguments, TimeProvider time, ILogger<SandboxPool> logger)
    {
        (_options, _time, _logger, Arguments) = (options, time, logger, arguments);
        _roster = new Roster(options.Minimum, options.Maximum);
        _starter = new SandboxStarter(options, jobs, time, logger);
        _backoff = new StartBackoff(time);
        logger.LimitsAre(options.Minimum, options.Maximum, LimitsInForce);
        var period = options.IdleTimeout / 2;
        _sweep = time.CreateTimer(_ => EndIdle(), null, period, period);
        _watch = time.CreateTimer(_ => Look(), null, LookPeriod, LookPeriod);
    }

    public ArgumentSerializer Arguments { get; }

    public string LimitsInForce => _starter.LimitsInForce;

    public IReadOnlyList<SandboxInfo> Sandboxes
    {
        get
        {
            var (live, starting) = _roster.Snapshot();
            return [.. live.Select(sandbox => sandbox.Info),
                .. Enumerable.Repeat(new SandboxInfo(0, SandboxState.Starting, null, 0, _time.GetUtcNow()), starting)];
        }
    }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var warm = await Task.WhenAll(Enumerable.Range(0, _options.Minimum).Select(_ => TakeAsync(cancellationToken)));
        foreach (var sandbox in warm)
            Return(sandbox);
    }

    public async Task<SandboxEnd> RunAsync(SandboxCall call, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(call);
        var end = await RunOnceAsync(call, cancellationToken);
        if (end is SandboxEnd.Ended { Reason: EndReason.MemoryLimit } && Enlarged(call) is { } larger)
            end = await RunOnceAsync(larger, cancellationToken);
        if (!call.AllowSynchronousContinuations)
            await Task.Yield();
        return end;
    }

    async Task<SandboxEnd> RunOnceAsync(SandboxCall call, CancellationToken cancellationToken)
    {
        try
        {
            var sandbox = await TakeAsync(cancellationToken);
            while (!sandbox.HasRoomFor(call))
            {
                Recycle(sandbox, "what it holds leaves no room for the next job");
                sandbox = await TakeAsync(cancellationToken);
            }

            try
            {
                return await sandbox.RunAsync(call, cancellationToken);
            }
            finally
            {
                Return(sandbox);
            }
        }
        catch (OperationCanceledException)
        {
            return SandboxEnd.Of(EndReason.Cancelled, "The job was cancelled before it began.");
        }
        catch (SandboxStartException e)
        {
            return SandboxEnd.Of(EndReason.Crash, e.Message);
        }
        catch (ObjectDisposedException)
        {
            return SandboxEnd.Of(EndReason.Shutdown, "The sandbox pool was stopped before the job began.");
        }
    }

    SandboxCall? Enlarged(SandboxCall call)
    {
        var megabytes = RunLimits.Of(call, _options).Memory >> 20;
        return _options.MemoryRetryFactor > 1 && megabytes > 0
            ? call with { MemoryLimitMb = (int)Math.Min(megabytes * _options.MemoryRetryFactor, int.MaxValue) }
            : null;
    }

    public async ValueTask DisposeAsync()
    {
        var live = _roster.Close();
        if (_stopping.IsCancellationRequested)
            return;
        await _stopping.CancelAsync();
        await _sweep.DisposeAsync();
        await _watch.DisposeAsync();
        await Task.WhenAll(live.Select(sandbox =>
            sandbox.StopAsync(EndReason.Shutdown, "The sandbox pool was stopped while the job ran.")));
        await _background.DrainAsync();
        _starter.Dispose();
        _stopping.Dispose();
    }

    async Task<LiveSandbox> TakeAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var sandbox = await WaitAsync(_roster.Take(), cancellationToken);
            if (sandbox.IsAlive && !cancellationToken.IsCancellationRequested)
                return sandbox;
            Return(sandbox); // it died on the way here, or is not wanted any more: the job has not begun
        }
    }

    async Task<LiveSandbox> WaitAsync(Waiter waiter, CancellationToken cancellationToken)
    {
        if (waiter.Task.IsCompleted)
            return await waiter.Task;
        Fill();
        if (_backoff.Hopeless is { } reason)
            _roster.GiveUp(reason);
        await using (cancellationToken.UnsafeRegister(_ => Leave(waiter, cancellationToken), null))
            return await waiter.Task;
    }

    void Leave(Waiter waiter, CancellationToken cancellationToken)
    {
        if (_roster.Leave(waiter))
            waiter.TrySetCanceled(cancellationToken);
    }

    void Return(LiveSandbox sandbox)
    {
        if (sandbox.IsAlive && sandbox.Spent is { } reason)
            Recycle(sandbox, reason);
        else
            _roster.Return(sandbox);
    }
}
