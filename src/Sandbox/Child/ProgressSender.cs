namespace JobRunner.Sandbox;

/// <summary>Sends a job's progress at most ten times a second, and the newest value always: a job may report in its
/// innermost loop.</summary>
sealed class ProgressSender : IDisposable
{
    static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    readonly Lock _lock = new();
    readonly long _token;
    readonly ParentLink _parent;
    readonly TimeProvider _time;
    ITimer? _timer;
    ProgressValue? _unsent;
    bool _waiting;

    public ProgressSender(long token, ParentLink parent, TimeProvider time) => (_token, _parent, _time) = (token, parent, time);

    public void Report(ProgressValue value)
    {
        lock (_lock)
        {
            _unsent = value;
            if (_waiting)
                return;
            Send_NeedsLock();
            _waiting = true;
            _timer ??= _time.CreateTimer(_ => OnInterval(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _timer.Change(Interval, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Sends what is left, before the job's result.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            Send_NeedsLock();
            _timer?.Dispose();
        }
    }

    void OnInterval()
    {
        lock (_lock)
        {
            _waiting = _unsent is not null;
            Send_NeedsLock();
            if (_waiting)
                _timer!.Change(Interval, Timeout.InfiniteTimeSpan);
        }
    }

    void Send_NeedsLock()
    {
        if (_unsent is { } value)
            _parent.Progress(_token, value);
        _unsent = null;
    }
}
