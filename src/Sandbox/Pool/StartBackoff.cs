namespace JobRunner.Sandbox;

/// <summary>Spaces out the tries to start a sandbox after failures, and remembers why they failed.</summary>
sealed class StartBackoff(TimeProvider time)
{
    /// <summary>After so many failures in a row calls are not kept waiting for the next try.</summary>
    public const int PatientFailures = 3;

    static readonly TimeSpan First = TimeSpan.FromMilliseconds(100);
    static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    readonly Lock _lock = new();
    DateTimeOffset _next;
    Exception? _reason;

    public int Failures { get; private set; }

    /// <summary>How long to wait before a try.</summary>
    public TimeSpan Delay
    {
        get
        {
            lock (_lock)
                return _next - time.GetUtcNow() is { Ticks: > 0 } wait ? wait : TimeSpan.Zero;
        }
    }

    /// <summary>Why a call that comes now should not wait; null when it may.</summary>
    public Exception? Hopeless
    {
        get
        {
            lock (_lock)
                return Failures >= PatientFailures && _next > time.GetUtcNow() ? _reason : null;
        }
    }

    /// <summary>Counts a failure and returns how long to wait.</summary>
    public TimeSpan Failed(Exception reason)
    {
        lock (_lock)
        {
            Failures++;
            _reason = reason;
            var delay = First * Math.Pow(2, Math.Min(Failures - 1, 10));
            delay = delay < Longest ? delay : Longest;
            _next = time.GetUtcNow() + delay;
            return delay;
        }
    }

    public void Succeeded()
    {
        lock (_lock)
            (Failures, _next, _reason) = (0, default, null);
    }
}
