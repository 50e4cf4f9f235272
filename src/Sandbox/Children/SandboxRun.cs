using Microsoft.Extensions.Logging;

namespace JobRunner.Sandbox;

/// <summary>One call while it runs in a sandbox: its clock, its cancellation, and whoever hears of it. Whatever kills it
/// first is its end reason.</summary>
sealed class SandboxRun : IDisposable
{
    readonly SandboxCall _call;
    readonly ChildProcess _process;
    readonly TimeProvider _time;
    readonly TimeSpan _grace;
    readonly ILogger _logger;
    readonly ITimer _limit;
    readonly CancellationTokenRegistration _cancellation;
    ITimer? _graceTimer;
    string? _killedBecause;
    EndReason _reason;

    public SandboxRun(SandboxCall call, ChildProcess process, SandboxOptions options, TimeProvider time, ILogger logger, CancellationToken cancellationToken)
    {
        (_call, _process, _time, _grace, _logger) = (call, process, time, options.CancelGrace, logger);
        var limit = call.TimeLimit ?? options.TimeLimit;
        _limit = time.CreateTimer(
            _ => Kill(EndReason.TimeLimit, $"The job ran longer than its time limit of {Format(limit)} and was killed."),
            null, limit, Timeout.InfiniteTimeSpan);
        _cancellation = cancellationToken.UnsafeRegister(static run => ((SandboxRun)run!).BeginGrace(), this);
    }

    /// <summary>The call.</summary>
    public SandboxCall Call => _call;

    /// <summary>The end that we brought about by killing it; null when it died otherwise.</summary>
    public SandboxEnd.Ended? Killed => _killedBecause is { } because ? SandboxEnd.Of(_reason, because) : null;

    public void Kill(EndReason reason, string because)
    {
        if (Interlocked.CompareExchange(ref _killedBecause, because, null) is null)
            _reason = reason;
        _process.Kill();
    }

    public void OnLog(LogLevel level, string message)
    {
        try
        {
            _call.Observer?.OnLog(level, message);
        }
        catch (Exception e)
        {
            _logger.ObserverFailed(e, _call.JobId);
        }
    }

    public void OnProgress(ProgressValue value)
    {
        try
        {
            _call.Observer?.OnProgress(Math.Clamp(value.Fraction, 0, 1), value.Message);
        }
        catch (Exception e)
        {
            _logger.ObserverFailed(e, _call.JobId);
        }
    }

    public void Dispose()
    {
        _cancellation.Dispose(); // waits for a callback that is running, so the grace timer is not left behind
        _limit.Dispose();
        _graceTimer?.Dispose();
    }

    void BeginGrace() => _graceTimer = _time.CreateTimer(
        _ => Kill(EndReason.Cancelled, $"The job was cancelled and had not ended {Format(_grace)} later, so it was killed."),
        null, _grace, Timeout.InfiniteTimeSpan);

    static string Format(TimeSpan span) =>
        span.TotalSeconds < 1 ? $"{span.TotalMilliseconds:0.##} ms" : span.TotalMinutes < 2 ? $"{span.TotalSeconds:0.##} s" : span.ToString("c");
}
