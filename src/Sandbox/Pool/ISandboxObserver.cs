using Microsoft.Extensions.Logging;

namespace JobRunner.Sandbox;

/// <summary>Hears what a running job tells. Called by the loop that reads the sandbox's messages, at times from two
/// threads at once, so its methods must be quick and safe for that; what they throw is logged and dropped.</summary>
public interface ISandboxObserver
{
    /// <summary>A line of the job's log: from its loggers, from its standard output (information) or error (warning).</summary>
    void OnLog(LogLevel level, string message);

    /// <summary>How far the job is, from 0 to 1, and what it is doing.</summary>
    void OnProgress(double fraction, string? message);
}
