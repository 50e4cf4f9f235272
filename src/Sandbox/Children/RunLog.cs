using Microsoft.Extensions.Logging;

namespace JobRunner.Sandbox;

/// <summary>What one job tells, on its way to the observer: bounded, and whatever the observer does, the job goes on.</summary>
sealed class RunLog(SandboxCall call, int limitMb, ILogger logger)
{
    const int LineCost = 64;

    readonly long _limit = limitMb * 1024L * 1024;
    long _written;
    bool _isFull;

    public void OnLog(LogLevel level, string message)
    {
        if (_isFull)
            return;
        // A line costs more than its text, so that empty ones come to an end as well. Two threads may be here at once.
        if (Interlocked.Add(ref _written, message.Length + LineCost) <= _limit)
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
