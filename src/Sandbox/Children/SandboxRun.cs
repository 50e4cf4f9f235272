using Microsoft.Extensions.Logging;

namespace JobRunner.Sandbox;

/// <summary>One call while it runs in a sandbox: its limits, its cancellation, and its log. Whatever kills it first is its end
/// reason.</summary>
sealed class SandboxRun : IDisposable
{
    // So long before the time limit the reader of stacks is started: it must be warm when the time is up.
    static readonly TimeSpan ReaderLead = TimeSpan.FromSeconds(1);

    // So long it may take to read them: the job is to be gone a quarter of a second after its limit.
    static readonly TimeSpan ReadTime = TimeSpan.FromMilliseconds(130);

    readonly ChildProcess _process;
    readonly RunLimits _limits;
    readonly ResourceMeter _meter;
    readonly StackReaders _stacks;
    readonly SandboxOptions _options;
    readonly TimeProvider _time;
    readonly long _startedAt;
    readonly ITimer _limit;
    readonly CancellationTokenSource _soft;
    readonly CancellationTokenRegistration _cancellation;
    readonly CancellationTokenSource _ended = new();
    readonly Lock _lock = new();
    ITimer? _graceTimer;
    bool _over;

    public SandboxRun(
        SandboxCall call, RunLimits limits, ChildProcess process, ResourceMeter meter, StackReaders stacks, SandboxOptions options,
        TimeProvider time, ILogger logger, CancellationToken cancellationToken)
    {
        (Call, _limits, _process, _meter, _stacks, _options, _time) = (call, limits, process, meter, stacks, options, time);
        Log = new RunLog(call, options.LogLimitMb, logger);
        _startedAt = time.GetTimestamp();
        _soft = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _limit = time.CreateTimer(
            static run => _ = ((SandboxRun)run!).EndAtLimitAsync(), this, limits.Time - Lead(limits.Time), Timeout.InfiniteTimeSpan);
        _cancellation = cancellationToken.UnsafeRegister(static run => ((SandboxRun)run!).BeginGrace(), this);
    }

    public SandboxCall Call { get; }

    /// <summary>The mark of what the job tells of its progress.</summary>
    public required long Token { get; init; }

    /// <summary>Where what the job tells goes.</summary>
    public RunLog Log { get; }

    /// <summary>Asks the job to end: it is cancelled, or its time is up.</summary>
    public CancellationToken Soft => _soft.Token;

    /// <summary>True when its time limit has passed.</summary>
    public bool TimeIsUp { get; private set; }

    /// <summary>The end that we brought about by killing it; null when it died otherwise.</summary>
    public (EndReason Reason, string Because, string? Stacks)? Killed { get; private set; }

    /// <summary>Kills the sandbox, unless this run is over: a timer that fires late must not hit the next job.</summary>
    public void Kill(EndReason reason, string because, string? stacks = null)
    {
        lock (_lock)
        {
            if (_over)
                return;
            Killed ??= (reason, because, stacks);
            _process.Kill();
        }
    }

    /// <summary>Kills the sandbox if the job has used too much, by what the meter saw last.</summary>
    public void Check()
    {
        if (_limits.Memory > 0 && _meter.Memory > _limits.Memory)
            Kill(EndReason.MemoryLimit, $"The job used {Text.Megabytes(_meter.Memory)} of memory, more than its limit of {Text.Megabytes(_limits.Memory)}, and was killed.");
        else if (_limits.Cpu is { } budget && _meter.Use.Cpu is var used && used > budget)
            Kill(EndReason.CpuTimeLimit, $"The job used {Text.Of(used)} of processor time, more than its limit of {Text.Of(budget)}, and was killed.");
    }

    public void Dispose()
    {
        lock (_lock)
            _over = true;
        _cancellation.Dispose(); // waits for a callback that is running, so the grace timer is not left behind
        _limit.Dispose();
        _graceTimer?.Dispose();
        _ended.Cancel();
        _soft.Dispose();
    }

    /// <summary>How its end is told when the kernel held its limit of memory.</summary>
    public string MemoryLimitMessage => $"The job used more memory than its limit of {Text.Megabytes(_limits.Memory)}";

    /// <summary>How the job is told to end at its time limit.</summary>
    public string TimeLimitMessage => $"The job ran longer than its time limit of {Text.Of(_limits.Time)}";

    void BeginGrace() => _graceTimer = _time.CreateTimer(
        _ => Kill(EndReason.Cancelled, $"The job was cancelled and had not ended {Text.Of(_options.CancelGrace)} later, so it was killed."),
        null, _options.CancelGrace, Timeout.InfiniteTimeSpan);

    async Task EndAtLimitAsync()
    {
        await using var reader = _stacks.Start(_process.Id);
        try
        {
            await UntilAsync(_limits.Time);
            TimeIsUp = true;
            await _soft.CancelAsync();
            await UntilAsync(_limits.Time + _options.TimeLimitGrace);
            Kill(EndReason.TimeLimit, $"{TimeLimitMessage} and was killed.", await reader.ReadAsync(ReadTime, _ended.Token));
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
            // the job has ended meanwhile
        }
    }

    async Task UntilAsync(TimeSpan elapsed)
    {
        var left = elapsed - _time.GetElapsedTime(_startedAt);
        await Task.Delay(left > TimeSpan.Zero ? left : TimeSpan.Zero, _time, _ended.Token);
    }

    static TimeSpan Lead(TimeSpan limit) => limit / 2 < ReaderLead ? limit / 2 : ReaderLead;
}
