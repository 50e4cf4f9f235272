namespace JobRunner.Sandbox;

/// <summary>Starting, watching and replacing sandboxes.</summary>
sealed partial class SandboxPool
{
    void Fill()
    {
        for (var n = _roster.Order(); n > 0; n--)
            _background.Add(StartOneAsync());
    }

    async Task StartOneAsync()
    {
        try
        {
            await Task.Delay(_backoff.Delay, _time, _stopping.Token);
            var sandbox = await _starter.StartAsync(_stopping.Token);
            _backoff.Succeeded();
            if (_roster.Started(sandbox))
                _background.Add(WatchAsync(sandbox));
            else
                await sandbox.StopAsync(EndReason.Shutdown, "");
        }
        catch (Exception e)
        {
            OnStartFailed(e);
        }
    }

    void OnStartFailed(Exception e)
    {
        _roster.StartFailed();
        if (_stopping.IsCancellationRequested)
            return;
        var delay = _backoff.Failed(e);
        _logger.StartFailed(_backoff.Failures, delay, e.Message);
        if (_backoff.Failures >= StartBackoff.PatientFailures)
            _roster.GiveUp(e as SandboxStartException ?? new SandboxStartException($"A sandbox could not be started: {e.Message}", e));
        Fill();
    }

    async Task WatchAsync(LiveSandbox sandbox)
    {
        var code = await sandbox.Ended;
        _roster.Remove(sandbox);
        var info = sandbox.Info;
        if (sandbox.IsKilled)
            _logger.SandboxEnded(info.ProcessId, info.JobsRun);
        else
            _logger.SandboxDied(info.ProcessId, info.JobsRun, CrashReport.Details(code, sandbox.ErrorLines));
        Fill();
    }

    void EndIdle()
    {
        foreach (var sandbox in _roster.TakeIdleSince(_time.GetUtcNow() - _options.IdleTimeout))
            _background.Add(sandbox.StopAsync(EndReason.Shutdown, "The sandbox was idle."));
        foreach (var sandbox in _roster.TakeIdle(sandbox => sandbox.Spent is not null))
            Recycle(sandbox, sandbox.Spent ?? "");
    }

    // A round that takes longer than its period is not joined by the next one.
    void Look()
    {
        if (Interlocked.Exchange(ref _looking, 1) != 0)
            return;
        foreach (var sandbox in _roster.Snapshot().Live)
            sandbox.Look();
        Volatile.Write(ref _looking, 0);
    }

    // It counts as living until it is gone; then the watch on it has the next one started.
    void Recycle(LiveSandbox sandbox, string reason)
    {
        _logger.SandboxRecycled(sandbox.Info.ProcessId, reason);
        _background.Add(sandbox.StopAsync(EndReason.Shutdown, ""));
    }
}
