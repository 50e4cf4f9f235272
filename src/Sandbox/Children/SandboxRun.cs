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
    readonly Lock _lock = new();
    ITimer? _graceTimer;
    bool _over;

    public SandboxRun(
        SandboxCall call, ChildProcess process, SandboxOptions options, TimeProvider time, ILogger logger, CancellationToken cancellationToken)
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
    public SandboxEnd.Ended? Killed { get; private set; }

    /// <summary>Kills the sandbox, unless this run is over: a timer that fires late must not hit the next job.</summary>
    public void Kill(EndReason reason, string because)
    {
        lock (_lock)
        {
            if (_over)
                return;
            Killed ??= SandboxEnd.Of(reason, because);
            _process.Kill();
        }
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
        lock (_lock)
            _over = true;
        _cancellation.Dispose(); // waits for a callback that is running, so the grace timer is not left behind
        _limit.Dispose();
        _graceTimer?.Dispose();
    }

    void BeginGrace() => _graceTimer = _time.CreateTimer(
        _ => Kill(EndReason.Cancelled, $"The job was cancelled and had not ended {Format(_grace)} later, so it was killed."),
        null, _grace, Timeout.InfiniteTimeSpan);

    static string Format(TimeSpan span) =>
        span.TotalSeconds < 1 ? FormattableString.Invariant($"{span.TotalMilliseconds:0.##} ms")
        : span.TotalMinutes < 2 ? FormattableString.Invariant($"{span.TotalSeconds:0.##} s")
        : span.ToString("c");
}
