using Microsoft.Extensions.Logging;

namespace JobRunner.Sandbox;

/// <summary>What one job tells, on its way to the observer: bounded, and whatever the observer does, the job goes on.</summary>
sealed class RunLog(SandboxCall call, int limitMb, ILogger logger)
{
    readonly long _limit = LimitOf(limitMb);
    long _written;
    bool _isFull;

    /// <summary>What a line counts, in characters: more than its text, so that empty ones come to an end as well.</summary>
    public static int CostOf(string message) => message.Length + 64;

    public static long LimitOf(int megabytes) => megabytes * 1024L * 1024;

    public void OnLog(LogLevel level, string message)
    {
        if (_isFull)
            return;
        if (Interlocked.Add(ref _written, CostOf(message)) <= _limit) // two threads may be here at once
            Tell(level, message);
        else if (!Interlocked.Exchange(ref _isFull, true))
            Tell(LogLevel.Warning, $"The job's log has reached its limit of {limitMb} MB (JobRunner:Sandbox:LogLimitMb). The rest is dropped.");
    }

    public void OnProgress(ProgressValue value)
    {
        try
        {
            call.Observer?.OnProgress(Math.Clamp(value.Fraction, 0, 1), value.Message);
        }
        catch (Exception e)
        {
            logger.ObserverFailed(e, call.JobId);
        }
    }

    void Tell(LogLevel level, string message)
    {
        try
        {
            call.Observer?.OnLog(level, message);
        }
        catch (Exception e)
        {
            logger.ObserverFailed(e, call.JobId);
        }
    }
}
